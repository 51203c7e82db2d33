// Small requests that would cost a server without guards its life, over every transport.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { bearer, graphqlUrl, run, signIn } from './server.mjs';
import { Conversation } from './socket.mjs';

const fragments = Array.from({ length: 40 }, (_, n) => `fragment f${n} on Query { a${n}: __typename ...f${n + 1} ...f${n + 1} }`);
const costly = {
  'a list nested 1600 deep': `{ node(id: ${'['.repeat(1600)}${']'.repeat(1600)}) { id } }`,
  'a list nested 1600 deep that never ends': `{ node(id: ${'['.repeat(1600)}`,
  'selections nested 5000 deep': `${'{ a '.repeat(5000)}${'}'.repeat(5000)}`,
  'fragments that double 40 times': `{ ...f0 } ${fragments.join(' ')} fragment f40 on Query { __typename }`,
  'fragments in a circle': '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
  '500 aliases': `{ ${Array.from({ length: 500 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
  'a query of 70 000 characters': `{ __typename ${' '.repeat(70_000)} }`,
};

describe('a request made to hurt', () => {
  let token;
  before(async () => { token = await signIn(); });
  after(() => Conversation.endAll());

  async function post(query, accept) {
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json', authorization: bearer(token) },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, body: await response.text() };
  }

  const transports = {
    'HTTP': async (query) => {
      const { status, body } = await post(query, 'application/graphql-response+json');
      assert.ok(status === 400 || status === 413, `${status} ${body.slice(0, 200)}`);
    },
    'server-sent events': async (query) => {
      const { status, body } = await post(query, 'text/event-stream');
      assert.ok(status === 400 || status === 413, `${status} ${body.slice(0, 200)}`);
    },
    'a websocket': async (query) => {
      const conversation = await Conversation.begin(token);
      conversation.subscribe('1', query);
      const { type, payload } = await conversation.next();
      assert.equal(type, 'error');
      assert.ok(payload.length > 0);
      conversation.end();
    },
  };

  for (const [transport, ask] of Object.entries(transports)) {
    for (const [what, query] of Object.entries(costly)) {
      it(`is refused over ${transport}: ${what}`, { timeout: 10_000 }, async () => {
        await ask(query);
        assert.deepEqual(await run('{ __typename }'), { __typename: 'Query' });
      });
    }
  }
});
