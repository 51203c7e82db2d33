// Every audit of GraphQL over HTTP, the recommendations and options included.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { graphqlUrl } from './server.mjs';

for (const audit of serverAudits({ url: graphqlUrl, fetchFn: fetch })) {
  test(`audit ${audit.id} ${audit.name}`, { timeout: 30_000 }, async () => {
    const { status, reason } = await audit.fn();
    assert.equal(status, 'ok', reason);
  });
}
