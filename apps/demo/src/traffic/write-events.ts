/** Converts bursts to rows of rollgate.limit_event, each with the limit that the history gives for its time. */
import type pg from 'pg';
import type { Random } from '../random.js';
import type { Burst } from './past-events.js';
import { INSTANCES, subjectColumns } from './world.js';

const BATCH = 2_000;

interface LimitRow {
  readonly per_minute: number;
  readonly per_hour: number;
  readonly source: string;
  readonly mode: 'enforced' | 'shadow';
}

type EventRow = Readonly<Record<string, unknown>>;

/** Returns how many rows were written. */
export async function writeBursts(
  database: pg.ClientBase,
  bursts: readonly Burst[],
  { random, eventId }: { random: Random; eventId: () => string },
): Promise<number> {
  const limits = await limitsOf(database, bursts);
  const rows: EventRow[] = [];
  const filledMinutes = new Set<string>();
  for (const [i, burst] of bursts.entries())
    for (let second = 0; second < Math.floor(burst.seconds); second++)
      rows.push(rowOf({ burst, limit: limits[i] as LimitRow, second, random, eventId, filledMinutes }));
  await makeDays(database, rows);
  for (let i = 0; i < rows.length; i += BATCH) await insert(database, rows.slice(i, i + BATCH));
  return rows.length;
}

async function limitsOf(database: pg.ClientBase, bursts: readonly Burst[]): Promise<LimitRow[]> {
  const { rows } = await database.query<LimitRow & { ord: string }>(
    `SELECT b.ord, l.per_minute, l.per_hour, l.source, l.mode
     FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS b (account, api, subject, at, ord)
     CROSS JOIN LATERAL rollgate.limit_as_of(b.account, b.api, b.subject, b.at) l ORDER BY b.ord`,
    [
      bursts.map(({ subject }) => subject.account),
      bursts.map(({ subject }) => subject.entry.id),
      bursts.map(({ subject }) => subject.key),
      bursts.map(({ at }) => at),
    ],
  );
  // A burst before the catalogue was first stored uses the defaults.
  const found = new Map(rows.map((row) => [Number(row.ord), row]));
  return bursts.map(({ subject: { entry } }, i) => {
    const { perMinute: per_minute, perHour: per_hour } = entry.limits;
    return found.get(i + 1) ?? { per_minute, per_hour, source: 'default', mode: 'enforced' };
  });
}

interface RowSources {
  readonly burst: Burst;
  readonly limit: LimitRow;
  /** Seconds since the burst began. */
  readonly second: number;
  readonly random: Random;
  readonly eventId: () => string;
  /** The subjects, windows and minutes whose filling is on record. */
  readonly filledMinutes: Set<string>;
}

/** The denials, or the sampled calls, of one second of a burst. */
function rowOf({ burst, limit, second, random, eventId, filledMinutes }: RowSources): EventRow {
  const { subject, at, calls, window } = burst;
  const firstMs = at.getTime() + second * 1_000;
  const count = 1 + random.int(0, calls - 1);
  const most = window === 'hour' ? limit.per_hour : limit.per_minute;
  const used = window === null ? random.int(1, Math.max(1, Math.floor(most / 2))) : most;
  const lastMs = Math.min(firstMs + random.int(0, 900) * Number(count > 1), Math.floor(firstMs / 1_000) * 1_000 + 999);
  const wait = window === 'hour' ? random.int(60, 2_400) : Math.max(1, 58 - second);
  // Once per subject, window and minute, as instances record it.
  const minute = `${subject.key} ${window} ${Math.floor(firstMs / 60_000)}`;
  const isFilled = window !== null && burst.mode === undefined && most > 0 && !filledMinutes.has(minute);
  if (isFilled) filledMinutes.add(minute);
  return {
    id: second === 0 && burst.eventId !== undefined ? burst.eventId : eventId(),
    kind: window === null ? 'granted_sample' : 'denied',
    ...subjectColumns(subject),
    window_name: window,
    per_minute: limit.per_minute,
    per_hour: limit.per_hour,
    used,
    cost: 1,
    source: limit.source,
    mode: burst.mode ?? limit.mode,
    first_ms: firstMs,
    last_ms: Math.max(firstMs, lastMs),
    count,
    units: count,
    instance: random.pick(INSTANCES),
    request_id: random.hex(8),
    retry_ms: window === null || most === 0 ? null : Math.floor(firstMs / 1_000 + wait) * 1_000,
    filled: isFilled ? filling({ window, used, firstMs, random }) : null,
  };
}

/** The content of the window: Unix second and units, alternating; by minute for the hour window. */
function filling({
  window,
  used,
  firstMs,
  random,
}: {
  window: Burst['window'];
  used: number;
  firstMs: number;
  random: Random;
}): number[] {
  const step = window === 'hour' ? 60 : 1;
  const newest = Math.floor(firstMs / 1_000 / step) * step;
  const filled: number[] = [];
  let left = used;
  for (let i = random.int(20, 58); i > 0 && left > 0; i--) {
    const units = i === 1 ? left : Math.min(left, random.int(0, Math.ceil((2 * left) / i)));
    if (units > 0) filled.push(newest - i * step, units);
    left -= units;
  }
  return filled;
}

async function makeDays(database: pg.ClientBase, rows: readonly EventRow[]): Promise<void> {
  const days = new Set(rows.map((row) => new Date(row['first_ms'] as number).toISOString().slice(0, 10)));
  await database.query('SELECT rollgate.make_event_day(d) FROM unnest($1::date[]) d', [[...days]]);
}

/** As `rollgate.write_events` stores events, but with the filling and the policy's version of their time. */
async function insert(database: pg.ClientBase, rows: readonly EventRow[]): Promise<void> {
  await database.query('SELECT rollgate.note_event_classes($1, 2147483647)', [JSON.stringify(rows)]);
  await database.query(
    `WITH written AS (
       INSERT INTO rollgate.limit_event_row (id, account, subject, lane, class, instance, per_minute, per_hour, used, cost, source,
         policy_version, first_at, last_at, count, request_id, retry_at, filled)
       SELECT t.id, t.account, t.subject, t.lane, k.id, i.id, t.per_minute, t.per_hour, t.used, t.cost, nullif(t.source, 'default'), p.version,
         to_timestamp(t.first_ms / 1000), to_timestamp(t.last_ms / 1000), t.count, t.request_id, to_timestamp(t.retry_ms / 1000), t.filled
       FROM jsonb_to_recordset($1) AS t (id text, kind text, account text, api text, group_id text, level text[], subject text, lane int,
         window_name text, per_minute int, per_hour int, used int, cost int, source text, mode text, first_ms float8,
         last_ms float8, count int, instance text, route text, request_id text, retry_ms float8, filled int[])
       JOIN rollgate.event_class k ON k.key = rollgate.event_class_key(t.kind, t.api, t.group_id, t.level, t.window_name, t.mode, 'second',
         t.route) COLLATE "C"
       JOIN rollgate.event_instance i ON i.name = t.instance COLLATE "C"
       -- Registering the catalogue made version 1.
       CROSS JOIN LATERAL (
         SELECT 1 + count(*) AS version FROM rollgate.history h
         WHERE h.at <= to_timestamp(t.first_ms / 1000) AND (h.kind = 'override' OR h.kind = 'catalogue' AND h.action <> 'add')) p
       RETURNING first_at)
     INSERT INTO rollgate.usage_late
     SELECT DISTINCT date_trunc('hour', w.first_at, 'UTC') FROM written w JOIN rollgate.roll_up r ON w.first_at < r.sealed_to`,
    [JSON.stringify(rows)],
  );
}
