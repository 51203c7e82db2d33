// The graphql-transport-ws protocol, message by message: what the server answers, and how it closes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { CREATE_TAG, TAG_CHANGED, createTag, cursorNow, email, madeTag, origin, run, signIn, socketUrl, unique } from './server.mjs';
import { Conversation } from './socket.mjs';

describe('graphql-transport-ws', { concurrency: true, timeout: 120_000 }, () => {
  let token;
  before(async () => { token = await signIn(); });
  after(() => Conversation.endAll());

  const inConversation = (name, talk) => it(name, async () => {
    const conversation = await Conversation.begin(token);
    try {
      await talk(conversation);
    } finally {
      conversation.end();
    }
  });

  describe('the handshake', { concurrency: 4 }, () => {
    it('is refused with 4406 when no subprotocol is offered', async () => {
      assert.equal(await (await Conversation.open([])).closeCode(), 4406);
    });

    it('does not speak the legacy protocol alone', async () => {
      // A server that selects nothing makes the client itself give up.
      const conversation = await Conversation.open(['graphql-ws']).catch(() => undefined);
      if (conversation) assert.equal(await conversation.closeCode(), 4406);
    });

    it('selects graphql-transport-ws beside the legacy protocol, and speaks it', async () => {
      const conversation = await Conversation.open(['graphql-ws', 'graphql-transport-ws']);
      assert.equal(conversation.protocol, 'graphql-transport-ws');
      conversation.send({ type: 'connection_init' });
      assert.equal((await conversation.next()).type, 'connection_ack');
      conversation.subscribe('1', '{ __typename }');
      assert.deepEqual(await conversation.next(), { id: '1', type: 'next', payload: { data: { __typename: 'Query' } } });
      conversation.end();
    });

    it('is refused to a page of a foreign origin', async () => {
      const socket = new WebSocket(socketUrl, 'graphql-transport-ws', { origin: 'https://elsewhere.example' });
      const status = await new Promise((resolve, reject) => {
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode)).on('open', () => reject(new Error('it opened')));
        socket.on('error', () => {});
      });
      assert.equal(status, 403);
      socket.terminate();
    });

    it('is open to a page of its own origin', async () => {
      (await Conversation.open(undefined, { origin })).end();
    });
  });

  describe('connection_init', { concurrency: 4 }, () => {
    it('must come in time, else 4408', async () => {
      assert.equal(await (await Conversation.open()).closeCode(), 4408);
    });

    it('comes once, else 4429', async () => {
      const conversation = await Conversation.begin(token);
      conversation.send({ type: 'connection_init' });
      assert.equal(await conversation.closeCode(), 4429);
    });

    it('comes once also before the answer, else 4429', async () => {
      const conversation = await Conversation.open();
      conversation.send({ type: 'connection_init' });
      conversation.send({ type: 'connection_init' });
      assert.equal(await conversation.closeCode(), 4429);
    });

    for (const payload of ['text', 1, true, []]) {
      it(`takes no ${JSON.stringify(payload)} as payload: 4400`, async () => {
        const conversation = await Conversation.open();
        conversation.send({ type: 'connection_init', payload });
        assert.equal(await conversation.closeCode(), 4400);
      });
    }

    it('takes null as payload', async () => {
      const conversation = await Conversation.open();
      conversation.send({ type: 'connection_init', payload: null });
      assert.equal((await conversation.next()).type, 'connection_ack');
      conversation.end();
    });

    it('with a token that is not valid closes with 4403', async () => {
      const conversation = await Conversation.open();
      conversation.send({ type: 'connection_init', payload: { Authorization: 'Bearer not-a-token' } });
      assert.equal(await conversation.closeCode(), 4403);
    });

    it('must be over before the first subscribe, else 4401', async () => {
      const conversation = await Conversation.open();
      conversation.subscribe('1', '{ __typename }');
      assert.equal(await conversation.closeCode(), 4401);
    });

    it('without a token lets in someone who is signed out, who sees no changes', async () => {
      const conversation = await Conversation.begin();
      conversation.subscribe('1', '{ __typename }');
      assert.equal((await conversation.next()).type, 'next');
      assert.equal((await conversation.next()).type, 'complete');
      conversation.subscribe('2', TAG_CHANGED);
      const { id, type, payload } = await conversation.next();
      assert.deepEqual([id, type], ['2', 'error']);
      assert.equal(payload[0].extensions.code, 'UNAUTHENTICATED');
      conversation.end();
    });

    it('begins a conversation that ends with its session, with 4403', async () => {
      const shortLived = await signIn();
      const conversation = await Conversation.begin(shortLived);
      conversation.subscribe('1', TAG_CHANGED);
      const since = Date.now();
      await run('mutation SignOut { signOut { userErrors { message } } }', {}, shortLived);
      assert.equal(await conversation.closeCode(), 4403);
      assert.ok(Date.now() - since < 5_000, 'the socket outlived its session by more than 5 s');
    });
  });

  describe('a message that breaks the protocol closes with 4400', { concurrency: 4 }, () => {
    const query = '{ __typename }';
    const broken = {
      'not JSON': 'hello',
      'empty text': '',
      'null': 'null',
      'an array': '[]',
      'no type': { id: '1' },
      'a type that is no string': { type: 1 },
      'an unknown type': { type: 'unknown' },
      'an unknown type too long to be repeated in the reason': { type: 'x'.repeat(500) },
      'a type that only the server sends': { id: '1', type: 'next', payload: {} },
      'start, of the legacy protocol': { id: '1', type: 'start', payload: { query } },
      'connection_terminate, of the legacy protocol': { type: 'connection_terminate' },
      'a ping with a text': { type: 'ping', payload: 'text' },
      'a pong with a text': { type: 'pong', payload: 'text' },
      'subscribe without id': { type: 'subscribe', payload: { query } },
      'subscribe with an empty id': { id: '', type: 'subscribe', payload: { query } },
      'subscribe with a number as id': { id: 1, type: 'subscribe', payload: { query } },
      'subscribe without payload': { id: '1', type: 'subscribe' },
      'subscribe without query': { id: '1', type: 'subscribe', payload: {} },
      'subscribe with a query that is no string': { id: '1', type: 'subscribe', payload: { query: 1 } },
      'subscribe with a list of variables': { id: '1', type: 'subscribe', payload: { query, variables: [] } },
      'subscribe with a number as operationName': { id: '1', type: 'subscribe', payload: { query, operationName: 1 } },
      'subscribe with a text as extensions': { id: '1', type: 'subscribe', payload: { query, extensions: 'text' } },
      'complete without id': { type: 'complete' },
      'complete with a number as id': { id: 1, type: 'complete' },
    };
    for (const [what, message] of Object.entries(broken)) {
      inConversation(what, async (conversation) => {
        if (typeof message === 'string') conversation.sendText(message);
        else conversation.send(message);
        assert.equal(await conversation.closeCode(), 4400);
        assert.ok(Buffer.byteLength(conversation.closed.reason) <= 123);
      });
    }
  });

  describe('an operation', { concurrency: 4 }, () => {
    inConversation('query: one result, then complete', async (conversation) => {
      conversation.subscribe('1', 'query Me { viewer { email } }');
      assert.deepEqual(await conversation.next(), { id: '1', type: 'next', payload: { data: { viewer: { email } } } });
      assert.deepEqual(await conversation.next(), { id: '1', type: 'complete' });
    });

    inConversation('mutation: is carried out', async (conversation) => {
      const name = unique('By socket');
      conversation.subscribe('1', CREATE_TAG, { input: { name } });
      const { type, payload } = await conversation.next();
      assert.equal(type, 'next');
      assert.equal(payload.data.createTag.tag.name, name);
      assert.deepEqual(await conversation.next(), { id: '1', type: 'complete' });
    });

    const refused = {
      'has a syntax error': { query: '{' },
      'asks for an unknown field': { query: '{ nothingOfTheKind }' },
      'names an operation that is not there': { query: 'query Here { __typename }', operationName: 'There' },
      'lacks a required variable': { query: 'query Node($id: ID!) { node(id: $id) { id } }' },
      'subscribes to an unknown field': { query: 'subscription { nothingOfTheKind }' },
      'resumes after a forged cursor': { query: TAG_CHANGED, variables: { after: 'forged' } },
    };
    for (const [what, payload] of Object.entries(refused)) {
      inConversation(`that ${what}: an error with a list, nothing more, and the id is free again`, async (conversation) => {
        conversation.send({ id: '1', type: 'subscribe', payload });
        const refusal = await conversation.next();
        assert.deepEqual([refusal.id, refusal.type], ['1', 'error']);
        assert.ok(Array.isArray(refusal.payload) && refusal.payload.length > 0);
        assert.equal(typeof refusal.payload[0].message, 'string');
        conversation.subscribe('1', '{ __typename }');
        assert.equal((await conversation.next()).type, 'next');
        assert.equal((await conversation.next()).type, 'complete');
      });
    }

    inConversation('under the id of a running one closes with 4409', async (conversation) => {
      conversation.subscribe('1', TAG_CHANGED);
      conversation.subscribe('1', TAG_CHANGED);
      assert.equal(await conversation.closeCode(), 4409);
    });

    inConversation('under the id of a finished one is welcome', async (conversation) => {
      for (let round = 0; round < 3; round += 1) {
        conversation.subscribe('1', '{ __typename }');
        assert.equal((await conversation.next()).type, 'next');
        assert.equal((await conversation.next()).type, 'complete');
      }
    });

    inConversation('completed by the client is silent from then on, and its id can be used again', async (conversation) => {
      const after = await cursorNow(token);
      conversation.subscribe('stopped', TAG_CHANGED, { after });
      conversation.subscribe('running', TAG_CHANGED, { after });
      const first = unique('First');
      await createTag(token, first);
      const told = new Set();
      while (told.size < 2) {
        const message = await conversation.next();
        if (madeTag(message.payload?.data) === first) told.add(message.id);
      }

      conversation.send({ id: 'stopped', type: 'complete' });
      // The answer to a later message comes after all that was sent before `complete` was read.
      conversation.send({ type: 'ping' });
      await conversation.nextWhere((message) => message.type === 'pong');
      const second = unique('Second');
      await createTag(token, second);
      await conversation.nextWhere((message) => madeTag(message.payload?.data) === second, (message) => message.id === 'running');

      conversation.subscribe('stopped', '{ __typename }');
      const reused = await conversation.nextWhere((message) => message.id === 'stopped');
      assert.deepEqual(reused.payload, { data: { __typename: 'Query' } });
      const end = await conversation.nextWhere((message) => message.id === 'stopped');
      assert.equal(end.type, 'complete');
    });

    inConversation('completed before it was begun is nothing to complain of', async (conversation) => {
      conversation.send({ id: 'never', type: 'complete' });
      conversation.subscribe('1', '{ __typename }');
      assert.equal((await conversation.next()).type, 'next');
    });

    inConversation('beside another: both subscriptions are told, each once and in the same order', async (conversation) => {
      const after = await cursorNow(token);
      conversation.subscribe('a', TAG_CHANGED, { after });
      conversation.subscribe('b', TAG_CHANGED, { after });
      const names = [unique('One'), unique('Two'), unique('Three')];
      for (const name of names) await createTag(token, name);
      const told = { a: [], b: [] };
      while (told.a.length < names.length || told.b.length < names.length) {
        const { id, payload } = await conversation.next();
        const name = madeTag(payload?.data);
        if (names.includes(name)) told[id].push(name);
      }
      assert.deepEqual(told, { a: names, b: names });
    });
  });

  describe('ping', { concurrency: 4 }, () => {
    it('is answered also before connection_init', async () => {
      const conversation = await Conversation.open();
      conversation.send({ type: 'ping', payload: { at: 1 } });
      assert.equal((await conversation.next()).type, 'pong');
      conversation.end();
    });

    inConversation('of the client is answered', async (conversation) => {
      conversation.send({ type: 'ping' });
      assert.equal((await conversation.next()).type, 'pong');
      conversation.send({ type: 'pong' });
      conversation.send({ type: 'ping', payload: { at: 1 } });
      assert.equal((await conversation.next()).type, 'pong');
    });

    inConversation('of the server tells an idle subscriber how far it has come', async (conversation) => {
      const after = await cursorNow(token);
      conversation.subscribe('1', 'subscription Users($after: Cursor) { changes(after: $after, kinds: [USER]) { cursor } }', { after });
      const { id } = await createTag(token, unique('No user'));
      for (;;) {
        const message = await conversation.next({ pings: true, patience: 60_000 });
        assert.equal(message.type, 'ping', 'no user changes, so nothing but pings may come');
        const { changes } = await run(
          'query Since($after: Cursor!) { changes(after: $after) { changes { nodeId } hasMore } }',
          { after: message.payload.cursor },
          token,
        );
        if (!changes.hasMore && changes.changes.every((change) => change.nodeId !== id)) break;
      }
    });
  });
});
