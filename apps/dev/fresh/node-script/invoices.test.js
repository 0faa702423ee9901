const assert = require('node:assert/strict');
const { test } = require('node:test');
const { createMemoryLimiter } = require('@rollgate/limiter/testing');
const { catalogue } = require('./catalogue.js');

test('invoices are sent three times in a minute at most', async () => {
  let now = Date.UTC(2026, 0, 1);
  const limiter = createMemoryLimiter({ catalogue, clock: () => now });
  const call = { api: 'send-invoice', account: 'acme', dimensions: { invoice: 'i-1' } };
  const send = async () => (await limiter.acquire(call)).allowed;

  assert.deepEqual([await send(), await send(), await send(), await send()], [true, true, true, false]);
  now += 61_000;
  assert.equal(await send(), true);
  await limiter.close();
});
