// The page of an invitation in a real browser: a newcomer chooses a password there, and signs in with it afterwards.
// TAGWIRE_CHROMIUM names the browser.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { randomUUID } from 'node:crypto';
import { chromium } from 'playwright-core';
import { origin, run, signIn } from './server.mjs';

const INVITE = `mutation Invite($input: InviteUserInput!) {
  inviteUser(input: $input) { link invitation { status } userErrors { message } }
}`;
const SIGN_IN = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token user { name } userErrors { message } } }';

describe('the page of an invitation', { timeout: 120_000 }, () => {
  const email = `newcomer.${randomUUID()}@example.com`;
  const password = 'chosen in a browser';
  const complaints = [];
  const requests = [];
  let browser;
  let page;
  let link;

  before(async () => {
    const { inviteUser } = await run(INVITE, { input: { name: 'Newcomer', email } }, await signIn());
    assert.deepEqual(inviteUser.userErrors, []);
    link = inviteUser.link;
    browser = await chromium.launch({
      executablePath: process.env.TAGWIRE_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
      ],
    });
    // It needs no script.
    page = await browser.newPage({ javaScriptEnabled: false, locale: 'en-GB' });
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  });
  after(() => browser?.close());

  async function accept(address, first, again) {
    await page.goto(address);
    await page.getByLabel('Password (at least 10 characters)').fill(first);
    await page.getByLabel('The password again').fill(again);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.getByRole('button', { name: 'Accept' }).click(),
    ]);
    return answer.status();
  }

  it('says what is wrong, and keeps the form', async () => {
    assert.equal(await accept(link, password, `${password}!`), 400);
    await page.getByRole('alert').getByText('not the same').waitFor();
    assert.equal(await accept(`${origin}/invitations/unheard-of`, password, password), 404);
    await page.getByRole('alert').getByText('not valid').waitFor();
  });

  it('lets the newcomer in and says what next', async () => {
    assert.equal(await accept(link, password, password), 200);
    await page.getByRole('heading', { name: 'You are in' }).waitFor();
    await page.getByText(email).waitFor();
    const { signIn } = await run(SIGN_IN, { input: { email, password } });
    assert.deepEqual([signIn.user.name, signIn.userErrors], ['Newcomer', []]);
  });

  it('loads nothing else, and its rules are kept', () => {
    // Refused forms are told in the console as failed requests of the page itself.
    assert.deepEqual(complaints.filter((text) => !text.includes('Failed to load resource')), []);
    assert.deepEqual(requests.filter((url) => !url.startsWith(`${origin}/invitations/`) && !url.endsWith('/favicon.ico')), []);
  });
});
