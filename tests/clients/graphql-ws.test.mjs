// The client most web applications use, graphql-ws: signing in, watching, being away and missing nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { CREATE_TAG, TAG_CHANGED, bearer, createTag, cursorNow, email, madeTag, signIn, socketUrl, unique } from './server.mjs';

const connect = (token) => createClient({
  url: socketUrl,
  webSocketImpl: WebSocket,
  connectionParams: () => ({ Authorization: bearer(token) }),
  retryAttempts: 0,
});

/** The next event that tells of one of the tags named. */
async function nextOf(events, names) {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, 'the subscription ended');
    assert.equal(value.errors, undefined);
    if (names.includes(madeTag(value.data))) return { name: madeTag(value.data), cursor: value.data.tagChanged.cursor };
  }
}

describe('the npm package graphql-ws', { timeout: 60_000 }, () => {
  it('runs queries and mutations', async () => {
    const client = connect(await signIn());
    const me = await client.iterate({ query: 'query Me { viewer { email } }' }).next();
    assert.deepEqual(me.value.data, { viewer: { email } });
    const name = unique('Made over a socket');
    const made = await client.iterate({ query: CREATE_TAG, variables: { input: { name } } }).next();
    assert.equal(made.value.data.createTag.tag.name, name);
    await client.dispose();
  });

  it('is told of a refusal by its error callback', async () => {
    const client = connect(await signIn());
    await assert.rejects(client.iterate({ query: '{ nothingOfTheKind }' }).next(), (errors) => Array.isArray(errors) && errors.length > 0);
    await client.dispose();
  });

  it('sees what a colleague does, goes away, and resumes without a gap or a double', async () => {
    const [watcher, colleague] = [await signIn(), await signIn()];
    const seen = unique('Seen');
    const missed = [unique('Missed 1'), unique('Missed 2'), unique('Missed 3')];
    const live = unique('Live again');
    const all = [seen, ...missed, live];

    const before = connect(watcher);
    const events = before.iterate({ query: TAG_CHANGED, variables: { after: await cursorNow(watcher) } });
    await createTag(colleague, seen);
    const last = await nextOf(events, all);
    assert.equal(last.name, seen);
    await before.dispose();

    for (const name of missed) await createTag(colleague, name);

    const again = connect(watcher);
    const resumed = again.iterate({ query: TAG_CHANGED, variables: { after: last.cursor } });
    const told = [];
    for (const _ of missed) told.push((await nextOf(resumed, all)).name);
    await createTag(colleague, live);
    told.push((await nextOf(resumed, all)).name);
    assert.deepEqual(told, [...missed, live]);
    await again.dispose();
  });
});
