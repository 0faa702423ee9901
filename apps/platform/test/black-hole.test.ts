/** If the database accepts data but does not answer, every call of every API ends in time with 503 and Retry-After. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SILENT_CALLS_END_WITHIN_MS } from '@rollgate/limiter';
import { TcpProxy, until } from '@rollgate/testing';
import type { PublishedApi } from '../src/catalogue/route-catalogue.js';
import { type Answer, type CallOptions, startPlatform, type TestPlatform } from './start-platform.js';

const BUDGET_MS = 150;
/** Time for one statement of the platform before or after the decision, and a margin for a busy machine. */
const ENDS_WITHIN_MS = SILENT_CALLS_END_WITHIN_MS + BUDGET_MS + 3_000;

let platform: TestPlatform;
let proxy: TcpProxy;
let apis: readonly PublishedApi[];

beforeAll(async () => {
  platform = await startPlatform({
    budgetMs: BUDGET_MS,
    async through(databaseUrl) {
      proxy = await TcpProxy.start(databaseUrl);
      return proxy.through(databaseUrl);
    },
  });
  apis = (await platform.call('GET', '/catalogue', { account: null })).body as never;
});
afterAll(async () => {
  await platform?.stop();
  await proxy?.close();
});

async function timed(call: () => Promise<Answer>): Promise<Answer & { ms: number }> {
  const startedAt = performance.now();
  const answer = await call();
  return { ...answer, ms: performance.now() - startedAt };
}

const ids = (of: string) => ({
  botId: `bot-${of}`,
  tableName: `table-${of}`,
  requestId: 'b7e4a3f0-5f4a-4f6e-9a51-0c2f6f2e9d11',
});
const callAll = (of: string, options: CallOptions = {}) =>
  Promise.all(apis.map((api) => timed(() => platform.callApi(api, { ids: ids(of), ...options }))));

test('each guarded call, of known and unknown accounts, and in a burst', async () => {
  const known = await callAll('known');
  expect(known.filter(({ status }) => status >= 500)).toEqual([]);
  proxy.set({ kind: 'black-hole' });
  const answers = [
    ...(await callAll('known')),
    ...(await callAll('new', { account: 'newcomer' })),
    ...(await callAll('known')),
  ];
  const amiss = answers.filter(
    ({ status, ms, headers, body }) =>
      ms > ENDS_WITHIN_MS ||
      // A call of an API that does not read the platform's tables is decided and answered without the database.
      (status >= 500 &&
        (status !== 503 || !/^[1-9]$/.test(headers.get('retry-after') ?? '') || body['status'] !== 503)),
  );
  expect(amiss).toEqual([]);
  expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(answers.length / 2);
});

test('the caller’s own usage and its limit requests', async () => {
  for (const [method, path, body] of [
    ['GET', '/api/public/rate-limits', undefined],
    ['GET', '/api/public/limit-requests', undefined],
    ['POST', '/api/public/limit-requests', { api: 'publish-bot', perMinute: 100, reason: 'launch' }],
  ] as const) {
    const { status, headers, ms } = await timed(() => platform.call(method, path, { body }));
    expect([path, status, headers.get('retry-after') !== null, ms < 6_000]).toEqual([path, 503, true, true]);
  }
});

test('open routes are not affected', async () => {
  expect((await timed(() => platform.call('GET', '/healthz', { account: null }))).status).toBe(200);
});

test('once the database is back, calls succeed within seconds', async () => {
  proxy.set({ kind: 'pass' });
  await until(async () => (await callAll('known')).map(({ status }) => status), {
    what: 'no call is answered with a server error',
    accept: (statuses) => statuses.every((status) => status < 500),
    timeoutMs: 10_000,
  });
});
