/** Traffic of the past that the database decides, a log of it, and what other limits would have changed by that log alone. */
import type { Limits } from '@rollgate/contract';
import { laneOf, MemoryStore } from '@rollgate/limiter';
import type pg from 'pg';

interface Calls {
  readonly subject: string;
  /** Unix second. */
  readonly second: number;
  readonly calls: number;
  readonly granted: number;
}

export interface Planned {
  readonly who: number;
  readonly gap: number;
  readonly calls: number;
}

export interface Effect {
  stillAllowed: number;
  newlyDenied: number;
  denied: number;
  newlyAllowed: number;
}

export const SUBJECTS = [
  'acme/publish-bot/bot=a',
  'acme/publish-bot/bot=b',
  'globex/publish-bot/bot=a',
  'acme/find-intent/bot=a',
  'few-co/publish-bot/bot=a',
] as const;
export const START = Math.floor(Date.now() / 60_000) * 60 - 8 * 3600;

export async function forgetTraffic(pool: pg.Pool): Promise<void> {
  await pool.query(
    'TRUNCATE rollgate.counter, rollgate.bucket, rollgate.lane, rollgate.freed, rollgate.freeing, rollgate.limit_event_row',
  );
}

let events = 0;
/** Decides these calls in the database, at their time, and records the denied ones. */
export async function decide(
  pool: pg.Pool,
  { subject, second, calls: asked }: Omit<Calls, 'granted'>,
  limits: Limits,
): Promise<number> {
  const [account = '', api = ''] = subject.split('/');
  const { rows } = await pool.query<{ granted: number }>(
    'SELECT granted[1] AS granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7)',
    [[laneOf(account)], [subject], [1], [asked], [limits.perMinute], [limits.perHour], new Date(second * 1000)],
  );
  const granted = rows[0]?.granted ?? 0;
  if (granted < asked) {
    const event = {
      id: `what-if-${++events}`,
      kind: 'denied',
      account,
      api,
      group_id: 'bot-definition',
      level: ['bot'],
      subject,
      window_name: 'minute',
      per_minute: limits.perMinute,
      per_hour: limits.perHour,
      used: limits.perMinute,
      cost: 1,
      source: 'default',
      policy_version: 1,
      mode: 'enforced',
      first_ms: second * 1000 + 500,
      last_ms: second * 1000 + 900,
      count: asked - granted,
      units: asked - granted,
      instance: 'test:1',
    };
    await pool.query('SELECT rollgate.write_events($1)', [JSON.stringify([event])]);
  }
  return granted;
}

/** Makes the planned calls under these limits. Resolves to the log of them. */
export async function traffic(pool: pg.Pool, plan: readonly Planned[], limits: Limits): Promise<Calls[]> {
  await forgetTraffic(pool);
  const log: Calls[] = [];
  let second = START;
  for (const { who, gap, calls: asked } of plan) {
    second += gap;
    const call = { subject: SUBJECTS[who] as string, second, calls: asked };
    log.push({ ...call, granted: await decide(pool, call, limits) });
  }
  return log;
}

/** The whole log, replayed through a memory store, one after another. */
export function expected(
  log: readonly Calls[],
  limitsOf: (subject: string) => Limits | undefined,
): Record<string, Effect> {
  const effects: Record<string, Effect> = {};
  let now = 0;
  const store = new MemoryStore({ clock: () => now * 1000 });
  const inSecond = new Map<string, { was: number; is: number; asked: number; subject: string }>();
  for (const { subject, second, calls: asked, granted } of log) {
    const limits = limitsOf(subject);
    if (limits === undefined) continue;
    now = second;
    const { rows } = store.acquireNow([{ subject, lane: 0, cost: 1, calls: asked, ...limits }]);
    const key = `${second} ${subject}`;
    const sum = inSecond.get(key) ?? { was: 0, is: 0, asked: 0, subject };
    inSecond.set(key, {
      subject,
      was: sum.was + granted,
      is: sum.is + (rows[0]?.granted ?? 0),
      asked: sum.asked + asked,
    });
  }
  for (const { subject, was, is, asked } of inSecond.values()) {
    const effect = effects[subject] ?? { stillAllowed: 0, newlyDenied: 0, denied: 0, newlyAllowed: 0 };
    effect.stillAllowed += Math.min(was, is);
    effect.newlyDenied += Math.max(was - is, 0);
    effect.newlyAllowed += Math.max(is - was, 0);
    effect.denied += asked - was;
    effects[subject] = effect;
  }
  return effects;
}
