// The running server these tests talk to, given by TAGWIRE_TEST_URL, TAGWIRE_TEST_EMAIL and TAGWIRE_TEST_PASSWORD,
// and plain operations on it over HTTP. The user named may manage tags.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests need a running server and a user of it (see ../../test)`);
  return value;
}

export const origin = new URL(setting('TAGWIRE_TEST_URL')).origin;
export const graphqlUrl = `${origin}/graphql`;
export const socketUrl = graphqlUrl.replace(/^http/, 'ws');
export const email = setting('TAGWIRE_TEST_EMAIL');
const password = setting('TAGWIRE_TEST_PASSWORD');

export const unique = (name) => `${name} ${randomUUID().slice(0, 8)}`;
export const bearer = (token) => `Bearer ${token}`;

/** Runs one operation and gives its data. */
export async function run(query, variables = {}, token = undefined) {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: bearer(token) }) },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const { data, errors } = JSON.parse(text);
  assert.equal(errors, undefined, text);
  return data;
}

/** A new session's token. */
export async function signIn() {
  const { signIn } = await run(
    'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token userErrors { message } } }',
    { input: { email, password } },
  );
  assert.deepEqual(signIn.userErrors, []);
  return signIn.token;
}

/** The newest position of the change log: what follows it is missed by nobody who asks for it. */
export const cursorNow = async (token) => (await run('query Cursor { cursor }', {}, token)).cursor;

export const CREATE_TAG = 'mutation CreateTag($input: CreateTagInput!) { createTag(input: $input) { tag { id name } userErrors { message } } }';

export async function createTag(token, name) {
  const { createTag } = await run(CREATE_TAG, { input: { name } }, token);
  assert.deepEqual(createTag.userErrors, []);
  return createTag.tag;
}

export const TAG_CHANGED = `subscription TagChanged($after: Cursor) {
  tagChanged(after: $after) { __typename cursor ... on TagCreated { tag { name } } }
}`;

/** The name of the tag whose making an event of TAG_CHANGED tells, else undefined. */
export const madeTag = (data) => data?.tagChanged?.tag?.name;
