/** A change that is reported as failed was not made, so a retry does not make it twice. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Browser, browserOf } from './browser.js';
import { type OwnService, startOwnService } from './start-service.js';

let service: OwnService;
let admin: Browser;
beforeAll(async () => {
  service = await startOwnService();
  admin = await browserOf(service, 'admin');
});
afterAll(() => service?.stop());

const count = async (table: string) =>
  (await service.database.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM rollgate.${table}`)).rows[0]?.n;

/** Runs while responses about overrides and limit requests cannot be read. */
async function whileUnreadable<Result>(work: () => Promise<Result>): Promise<Result> {
  const rename = (from: string, to: string) =>
    service.database.pool.query(`ALTER TABLE rollgate.${from} RENAME COLUMN ${to}`);
  await rename('override_use', 'peak_minute TO peak_minute_away');
  await rename('catalogue', 'group_title TO group_title_away');
  try {
    return await work();
  } finally {
    await rename('override_use', 'peak_minute_away TO peak_minute');
    await rename('catalogue', 'group_title_away TO group_title');
  }
}

test('an override whose response cannot be read is not created and leaves no history', async () => {
  const before = await count('history');
  const spec = { account: 'acme', api: 'publish-bot', perMinute: 100, perHour: 3_000, reason: 'test' };
  const failed = await whileUnreadable(() => admin.post('/admin/api/overrides', { ...spec, expiresAt: null }));
  expect([failed.status, await count('override'), await count('history')]).toEqual([500, 0, before]);
  expect((await admin.post('/admin/api/overrides', { ...spec, expiresAt: null })).status).toBe(201);
  expect(await count('override')).toBe(1);
});

test('an override that cannot be read is not expired', async () => {
  const { rows } = await service.database.pool.query<{ id: string; version: number }>(
    'SELECT id, version FROM rollgate.override',
  );
  const { id, version } = rows[0] as { id: string; version: number };
  const end = () => admin.post(`/admin/api/overrides/${id}/expire`, { reason: 'done' }, { 'if-match': `"${version}"` });
  expect((await whileUnreadable(end)).status).toBe(500);
  expect((await end()).status).toBe(200);
});
