/** For tests of imports: a desk with known accounts and two plans, and files of overrides. */
import { calls, type Desk, type Json, openDesk } from './admin-traffic.js';
import type { Browser } from './browser.js';

export const HEAD = 'account,api,per_minute,per_hour,expires_at,reason';
export const OVERRIDES = '/admin/api/overrides/import';
export const csvOf = (...lines: string[]): string => [HEAD, ...lines].join('\n');

export async function openImportDesk(): Promise<Desk> {
  const desk = await openDesk();
  for (const account of ['acme-east', 'acme-west', 'acme_1', 'other']) await calls(desk.limiter, 1, { account });
  await desk.admin.post('/admin/api/plans', {
    id: 'pro',
    limits: [{ factor: 2 }, { api: 'publish-bot', perMinute: 30, perHour: 9_000 }],
    reason: 'prices',
  });
  await desk.admin.post('/admin/api/plans', { id: 'free', limits: [], reason: 'prices' });
  return desk;
}

/** Imports a file of overrides. */
export async function send(by: Browser, csv: string, more: object = {}): Promise<Json> {
  return await by.post(OVERRIDES, { csv, ...more });
}

/** The number of overrides, of assignments and of entries of the history. */
export async function everything({ database }: Desk): Promise<number[]> {
  const { rows } = await database.pool.query(
    `SELECT (SELECT count(*)::int FROM rollgate.override) AS overrides, (SELECT count(*)::int FROM rollgate.plan_assignment) AS assignments,
       (SELECT count(*)::int FROM rollgate.history) AS history`,
  );
  return Object.values(rows[0] as Record<string, number>);
}

/** Whether the chain of the history is unbroken. */
export const verified = async ({ admin }: Desk): Promise<unknown> =>
  (await admin.get('/admin/api/history/verify')).body;

export async function historyOf({ admin }: Desk, batch: string): Promise<Json[]> {
  return ((await admin.get(`/admin/api/history?batch=${batch}&limit=500`)).body as Json)['items'];
}
