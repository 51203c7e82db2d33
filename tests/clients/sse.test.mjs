// GraphQL over server-sent events, distinct connections mode: with the npm package graphql-sse, and by hand.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createClient } from 'graphql-sse';
import { TAG_CHANGED, bearer, createTag, cursorNow, email, graphqlUrl, madeTag, run, signIn, unique } from './server.mjs';

describe('server-sent events', { concurrency: true, timeout: 120_000 }, () => {
  let token;
  let client;
  before(async () => {
    token = await signIn();
    client = createClient({ url: graphqlUrl, headers: { authorization: bearer(token) }, retryAttempts: 0 });
  });

  /** The stream as a client of its own sees it. */
  async function open(query, variables, headers = { authorization: bearer(token) }) {
    const stop = new AbortController();
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
      signal: stop.signal,
    });
    return { response, stop };
  }

  it('run a query', async () => {
    const results = [];
    for await (const result of client.iterate({ query: 'query Me { viewer { email } }' })) results.push(result);
    assert.deepEqual(results, [{ data: { viewer: { email } } }]);
  });

  it('tell what a colleague does, and resume after a cursor', async () => {
    const [first, second] = [unique('First'), unique('Second')];
    const next = async (after, name) => {
      for await (const { data, errors } of client.iterate({ query: TAG_CHANGED, variables: { after } })) {
        assert.equal(errors, undefined);
        if (madeTag(data) === first || madeTag(data) === second) {
          assert.equal(madeTag(data), name);
          return data.tagChanged.cursor;
        }
      }
      throw new Error('the subscription ended');
    };
    const colleague = await signIn();
    const start = await cursorNow(token);
    const [cursor] = await Promise.all([next(start, first), createTag(colleague, first)]);
    await createTag(colleague, second);
    await next(cursor, second);
  });

  it('answer a mistake in the request before the stream begins', async () => {
    await assert.rejects(client.iterate({ query: '{ nothingOfTheKind }' }).next(), (error) => error.response?.status === 400);
    const { response } = await open('{ nothingOfTheKind }');
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type'), /json/);
    const { errors } = await response.json();
    assert.ok(errors.length > 0);
  });

  it('are refused with 401 to a token that is not valid', async () => {
    const { response, stop } = await open('{ __typename }', {}, { authorization: 'Bearer not-a-token' });
    assert.equal(response.status, 401);
    stop.abort();
  });

  it('have the parts that browsers and proxies look for', async () => {
    const { response, stop } = await open(TAG_CHANGED);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.match(response.headers.get('cache-control'), /no-cache|no-store/);
    stop.abort();
  });

  it('tell an idle subscriber by comments how far it has come', async () => {
    const after = await cursorNow(token);
    const { response, stop } = await open('subscription Users($after: Cursor) { changes(after: $after, kinds: [USER]) { cursor } }', { after });
    const { id } = await createTag(token, unique('No user'));
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const comments = text.split('\n').slice(0, -1).filter((line) => line.startsWith(': {'));
      if (comments.length === 0) continue;
      const { cursor } = JSON.parse(comments.at(-1).slice(2));
      const { changes } = await run(
        'query Since($after: Cursor!) { changes(after: $after) { changes { nodeId } hasMore } }',
        { after: cursor },
        token,
      );
      if (!changes.hasMore && changes.changes.every((change) => change.nodeId !== id)) break;
    }
    stop.abort();
    assert.doesNotMatch(text, /^event: next$/m);
  });
});
