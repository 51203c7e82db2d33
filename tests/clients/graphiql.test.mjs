// The GraphiQL page in a real browser, without internet: a query with a header, and a subscription that shows what happens.
// TAGWIRE_CHROMIUM names the browser, TAGWIRE_SCREENSHOT a file for a picture of the last state.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { bearer, createTag, cursorNow, email, origin, signIn, unique } from './server.mjs';

describe('GraphiQL', { timeout: 120_000 }, () => {
  let browser;
  let page;
  let token;
  const foreign = [];
  const complaints = [];

  before(async () => {
    token = await signIn();
    browser = await chromium.launch({
      executablePath: process.env.TAGWIRE_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
      ],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const host = new URL(origin).host;
    const watch = (url) => { if (/^(https?|wss?):/.test(url) && new URL(url).host !== host) foreign.push(url); };
    page.on('request', (request) => watch(request.url()));
    page.on('websocket', (socket) => watch(socket.url()));
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(error.message));
    // Whatever is asked of another host anyway does not get there.
    await page.route((url) => url.host !== host, (route) => route.abort());
  });
  after(() => browser?.close());

  /** Replaces an editor's text as one who pastes. */
  async function write(editor, text) {
    await editor.click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(text);
  }
  /** The tab takes the operation's name once GraphiQL has read the text. */
  async function writeQuery(name, text) {
    await write(page.locator('.graphiql-query-editor .CodeMirror'), text);
    await page.locator('.graphiql-tab', { hasText: name }).waitFor();
  }
  const run = () => page.locator('.graphiql-execute-button').click();
  const resultShows = (text) => page.locator('.result-window', { hasText: text }).waitFor({ timeout: 20_000 });

  it('opens with a first example', async () => {
    const response = await page.goto(`${origin}/graphiql`);
    assert.equal(response.status(), 200);
    await page.locator('.graphiql-query-editor', { hasText: 'Welcome to Tagwire' }).waitFor();
  });

  it('knows the schema', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer', { hasText: 'Subscription' }).waitFor();
    await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  });

  it('runs a query with the header of the Headers tab', async () => {
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await write(page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror'), `{ "Authorization": "${bearer(token)}" }`);
    await writeQuery('Me', 'query Me { viewer { email } }');
    await run();
    await resultShows(email);
  });

  it('shows an event of a subscription as it happens', async () => {
    const cursor = await cursorNow(token);
    const opened = page.waitForEvent('websocket');
    await writeQuery('Tags', `subscription Tags { tagChanged(after: "${cursor}") { __typename occurredAt ... on TagCreated { tag { name } } } }`);
    await run();
    const socket = await opened;
    const name = unique('Seen in the browser');
    await createTag(token, name);
    await resultShows(name);
    if (process.env.TAGWIRE_SCREENSHOT) await page.screenshot({ path: process.env.TAGWIRE_SCREENSHOT });
    const closed = socket.isClosed() ? Promise.resolve() : socket.waitForEvent('close');
    await run();
    await closed;
  });

  it('asked nothing of another host, and the page had nothing to complain of', () => {
    assert.deepEqual(foreign, []);
    assert.deepEqual(complaints, []);
  });

  it('comes with the licenses of what it is made of', async () => {
    const response = await fetch(`${origin}/graphiql/licenses.txt`);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /GraphQL Contributors[\s\S]*MIT|MIT[\s\S]*GraphQL Contributors/);
  });
});
