/** `limit which` and `what-if` on the command line. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { rollgateHere } from './run-rollgate.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: database.url,
    janitor: false,
    budgetMs: 20_000,
  });
  await limiter.refreshPolicy();
  for (let i = 0; i < 20; i++)
    await limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b-1' } });
  await limiter.close();
  await rollgate('override', 'set', 'acme', '--api', 'publish-bot', '--per-minute', '90', '--reason', 'test');
  await rollgate('plan', 'set', 'pro', '--limit', 'all:2x', '--reason', 'test');
});
afterAll(() => database?.drop());

const rollgate = (...args: string[]) => rollgateHere(args, database.url);
const WHICH = ['limit', 'which', '--account', 'acme', '--api', 'publish-bot'];

test('limit which prints the limits, the usage, and every rule with its reason', async () => {
  const { stdout } = await rollgate(...WHICH, '--subject', 'bot=b-1', '--plan', 'pro');
  expect(stdout.split('\n')).toEqual([
    'acme/publish-bot/bot=b-1: 90 a minute, 3600 an hour, from ovr_1, enforced',
    'Used now: 20 a minute, 20 an hour',
    expect.stringMatching(/^\* ovr_1 +publish-bot {2}90 a minute, default an hour {2}It sets the limits\.$/),
    expect.stringMatching(/^ {2}plan:pro +all APIs {2}2 times the default {2}It is what ovr_1 starts from/),
    expect.stringMatching(
      /^ {2}default +publish-bot {2}60 a minute, 1800 an hour {2}enforced \(sets the mode\) {2}It is what the plan pro starts from/,
    ),
    '',
  ]);
  const json = JSON.parse((await rollgate(...WHICH, '--json')).stdout);
  expect(json).toMatchObject({ subject: null, applies: { source: 'ovr_1' } });
});

test('limit which refuses an unknown API in one line', async () => {
  const refused = await rollgate('limit', 'which', '--account', 'acme', '--api', 'nothing');
  expect(refused).toMatchObject({ code: 1, stderr: 'rollgate: There is no API "nothing".\n' });
});

test('what-if prints totals and the accounts in the order of effect', async () => {
  const { stdout } = await rollgate('what-if', 'override', 'acme', '--api', 'publish-bot', '--per-minute', '5');
  expect(stdout).toContain('1 subjects of 1 accounts get other limits, 1 with an effect.');
  expect(stdout).toContain('In total: 15 of 20 allowed calls would have been denied, 0 of 0 denied calls would');
  expect(stdout).toMatch(/\n {2}acme +15 of 20 allowed calls would have been denied/);
});

test.each([
  [['default', '--api', 'publish-bot', '--per-minute', '5', '--since', '6h', '--by', 'subject'], '0 subjects'],
  [['default', '--group', 'bot-definition', '--per-hour', '5'], '15 of 20 allowed calls'],
  [['plan', 'pro', '--limit', 'all:0.01x'], '0 subjects'],
  [['override', 'acme', '--extra-minute', '5', '--extra-hour', '50'], '0 of 20 allowed calls'],
  [['changed-override', 'ovr_1', '--factor', '0.1', '--by', 'subject'], 'acme/publish-bot/bot=b-1'],
])('what-if %j', async (args, expected) => {
  const { code, stdout } = await rollgate('what-if', ...args);
  expect([code, stdout]).toEqual([0, expect.stringContaining(expected)]);
});

test('what-if refuses what it can not replay in one line', async () => {
  expect(await rollgate('what-if', 'plan', 'none', '--limit', 'all:2x')).toMatchObject({
    code: 1,
    stderr: 'rollgate: There is no plan "none".\n',
  });
  expect(await rollgate('what-if', 'default', '--api', 'publish-bot')).toMatchObject({
    code: 1,
    stderr: 'rollgate: a new limit is needed\n',
  });
});
