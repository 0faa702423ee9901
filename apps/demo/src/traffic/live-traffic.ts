/**
 * The last 75 minutes. rollgate.acquire decides each call at a time in the past, so counters, finished minutes and denials
 * are as instances would have written them. At the end some subjects are near their limit and some are denied.
 */
import type pg from 'pg';
import { LIVE_MINUTES, type Period } from '../period.js';
import type { Random } from '../random.js';
import { anySubject, INSTANCES, type Subject, subjectColumns, subjectOf } from './world.js';

interface Caller {
  readonly subject: Subject;
  /** How many calls the subject makes in the minute that starts this many minutes before the end. */
  perMinute(minutesAgo: number): number;
}

interface Limit {
  readonly perMinute: number;
  readonly perHour: number;
  readonly source: string;
  readonly mode: 'enforced' | 'shadow';
}

interface Answer {
  readonly ord: number;
  readonly granted: number;
  readonly minute_used: number;
  readonly hour_used: number;
  readonly retry_at: number | null;
}

const TICK_MS = 5_000;

function callers(random: Random): Caller[] {
  const steady = (account: string, api: string, bot: string, calls: number): Caller => ({
    subject: subjectOf(account, api, bot),
    perMinute: () => calls,
  });
  const known: Caller[] = [
    // Denied until its override starts, twenty minutes before the end.
    { subject: subjectOf('acme', 'find-intent', 'bot-1'), perMinute: (ago) => (ago > 45 ? 25 : 112) },
    steady('acme', 'publish-bot', 'bot-1', 29),
    // Its hour window stays full.
    steady('delta-travel', 'conversation-history', 'bot-3', 96),
    // Over its minute limit in the last minutes.
    { subject: subjectOf('tenant-104', 'find-intent', 'bot-1'), perMinute: (ago) => (ago < 22 ? 74 : 2) },
    steady('harbor-logistics', 'get-table-data', 'orders', 640),
    // Near their limits.
    steady('bluebird-bank', 'get-analytics', 'bot-1', 29),
    steady('cedar-health', 'find-intent', 'bot-2', 58),
    { subject: subjectOf('lumen-media', 'sessions-history', 'bot-1'), perMinute: (ago) => (ago < 30 ? 57 : 3) },
    steady('fjord-energy', 'insert-data', 'orders', 250),
    steady('iris-telecom', 'find-intent', 'bot-2', 29),
    // In shadow mode: denials are not enforced.
    steady('kestrel-games', 'find-intent', 'bot-1', 81),
  ];
  const others = new Map<string, Caller>();
  for (let i = 0; i < 55; i++) {
    const subject = anySubject(random);
    const calls = 1 + random.next() ** 3 * 26;
    others.set(subject.key, { subject, perMinute: () => calls * (0.6 + 0.8 * random.next()) });
  }
  for (const { subject } of known) others.delete(subject.key);
  return [...known, ...others.values()];
}

/** Makes the calls of the last 75 minutes. Returns how many limit events were written. */
export async function liveTraffic(
  database: pg.ClientBase,
  { period, random, eventId }: { period: Period; random: Random; eventId: () => string },
): Promise<number> {
  const all = callers(random);
  let events = 0;
  for (let minute = 0; minute <= LIVE_MINUTES; minute++) {
    const begin = period.live.getTime() + minute * 60_000;
    const limits = await limitsOf(database, all, new Date(begin));
    const demand = all.map((caller) => caller.perMinute(LIVE_MINUTES - minute));
    const denied: object[] = [];
    // At the end, the last minute is still in progress.
    for (let tick = begin; tick < begin + 60_000 && tick < period.until.getTime(); tick += TICK_MS) {
      const at = tick + random.int(0, TICK_MS - 1);
      if (at > period.until.getTime()) break;
      const asked = all.flatMap(({ subject }, i) => {
        const calls = random.round(((demand[i] as number) * TICK_MS) / 60_000);
        return calls === 0 ? [] : [{ subject, calls, limit: limits.get(subject.key) as Limit }];
      });
      for (const answer of await acquire(database, asked, new Date(at))) {
        const one = asked[answer.ord - 1] as Asked;
        if (answer.granted < one.calls) denied.push(eventOf({ ...one, answer, at, id: eventId(), random }));
      }
    }
    events += denied.length;
    await database.query('SELECT rollgate.write_events($1)', [JSON.stringify(denied)]);
  }
  return events;
}

interface Asked {
  readonly subject: Subject;
  readonly calls: number;
  readonly limit: Limit;
}

async function limitsOf(database: pg.ClientBase, all: readonly Caller[], at: Date): Promise<Map<string, Limit>> {
  const { rows } = await database.query<Limit & { subject: string }>(
    `SELECT s.subject, l.per_minute AS "perMinute", l.per_hour AS "perHour", l.source, l.mode
     FROM unnest($1::text[], $2::text[], $3::text[]) AS s (account, api, subject)
     CROSS JOIN LATERAL rollgate.limits_for(s.account, s.api, s.subject, $4) l`,
    [
      all.map(({ subject }) => subject.account),
      all.map(({ subject }) => subject.entry.id),
      all.map(({ subject }) => subject.key),
      at,
    ],
  );
  return new Map(rows.map((row) => [row.subject, row]));
}

/** In shadow mode a call over the limit is allowed and not counted, as on an instance. */
async function acquire(database: pg.ClientBase, asked: readonly Asked[], at: Date): Promise<Answer[]> {
  const { rows } = await database.query<Answer>(
    `SELECT a.ord, a.granted, a.minute_used, a.hour_used, a.retry_at
     FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7) r
     CROSS JOIN LATERAL unnest(r.item, r.granted, r.minute_used, r.hour_used, r.retry_at) AS a (ord, granted, minute_used, hour_used, retry_at)`,
    [
      asked.map(({ subject }) => subject.lane),
      asked.map(({ subject }) => subject.key),
      asked.map(() => 1),
      asked.map(({ calls }) => calls),
      asked.map(({ limit }) => limit.perMinute),
      asked.map(({ limit }) => limit.perHour),
      at,
    ],
  );
  return rows.toSorted((a, b) => a.ord - b.ord);
}

function eventOf({
  subject,
  calls,
  limit,
  answer,
  at,
  id,
  random,
}: Asked & { answer: Answer; at: number; id: string; random: Random }): object {
  const { granted, minute_used, hour_used, retry_at } = answer;
  const count = calls - granted;
  const byHour = hour_used + granted + 1 > limit.perHour;
  return {
    id,
    kind: 'denied',
    ...subjectColumns(subject),
    window_name: byHour ? 'hour' : 'minute',
    per_minute: limit.perMinute,
    per_hour: limit.perHour,
    used: (byHour ? hour_used : minute_used) + granted,
    cost: 1,
    source: limit.source,
    policy_version: 1,
    mode: limit.mode,
    first_ms: at,
    last_ms: at,
    count,
    units: count,
    instance: random.pick(INSTANCES),
    request_id: random.hex(8),
    retry_ms: retry_at === null ? null : retry_at * 1_000,
    merged: 'second',
  };
}
