/** The calls on record: allowed ones from the counters, and denied ones from the limit events. */
import type { Limits } from '@rollgate/contract';
import { laneOf, parseSubjectKey } from '@rollgate/limiter';
import type { DataSource } from 'typeorm';
import type { RecordedCalls } from '../replay.js';

const WARM_UP_SECONDS = 3_601;
const ALL_LANES = Array.from({ length: 64 }, (_, lane) => lane);

/** Whose calls are read, from the Unix second `from` on. */
export interface Span {
  readonly scopes: readonly string[];
  /** As in keys; `null`: all. */
  readonly accounts: readonly string[] | null;
  /** The start of a minute. */
  readonly from: number;
  /** The present. */
  readonly to: number;
  /** Limits up to which a subject's windows need not be known precisely. */
  readonly least: Limits;
}

/** What is known of a subject without reading its calls one by one. */
export interface SubjectOnRecord {
  readonly subject: string;
  readonly lane: number;
  /** Units of allowed calls. */
  readonly units: number;
  /** No window used more units than these. */
  readonly mostMinute: number;
  readonly mostHour: number;
  /** Denied calls, and those that include the hour before. */
  readonly denied: number;
  readonly deniedWithHourBefore: number;
}

interface UnitsRow {
  readonly subject: string;
  readonly lane: number;
  readonly units: string;
  readonly most_minute: string;
  readonly most_hour: string;
}

interface DenialsRow {
  readonly subject: string;
  readonly denied: string;
  readonly with_hour_before: string;
}

interface MinuteRow {
  readonly subject: string;
  readonly minute: number;
  readonly secs: number[];
  readonly sums: number[];
  readonly start: string;
  readonly cleared: string;
}

interface DenialRow {
  readonly subject: string;
  readonly second: number;
  readonly cost: number;
  readonly calls: string;
}

/** Calls that were let through while the database was away are in the counters. */
const IS_DENIAL = `e.kind = 'denied' AND e.mode <> 'fallback_allowed' AND e.first_at >= to_timestamp($1)`;

/** From which Unix second on calls of these scopes are on record; `undefined`: none are. */
export async function oldestSecond(database: DataSource, scopes: readonly string[]): Promise<number | undefined> {
  const [row] = await database.query<{ minute: number | null }[]>('SELECT rollgate.oldest_minute($1) AS minute', [
    scopes,
  ]);
  return row?.minute == null ? undefined : row.minute * 60;
}

/** Every subject with calls, and the denied calls whose record names no subject. */
export async function subjectsOnRecord(
  database: DataSource,
  span: Span,
): Promise<{ subjects: SubjectOnRecord[]; unnamed: number }> {
  const { scopes, accounts, from, to, least } = span;
  const lanes = accounts === null ? ALL_LANES : [...new Set(accounts.map(laneOfEncoded))];
  const [units, denials] = await Promise.all([
    database.query<UnitsRow[]>('SELECT * FROM rollgate.calls_on_record($1, $2, $3, $4, $5, $6, $7)', [
      scopes,
      accounts,
      lanes,
      from / 60,
      Math.floor(to / 60),
      least.perMinute,
      least.perHour,
    ]),
    deniedSubjects(database, span),
  ]);
  const deniedOf = new Map(denials.map((row) => [row.subject, row]));
  const none = { denied: '0', with_hour_before: '0' };
  const found = units.map((row) => onRecord(row, deniedOf.get(row.subject) ?? none));
  const known = new Set(units.map(({ subject }) => subject));
  for (const row of denials) {
    if (known.has(row.subject) || row.subject === '*') continue;
    const { subject } = row;
    const lane = laneOfEncoded(subject.slice(0, subject.indexOf('/')));
    found.push(onRecord({ subject, lane, units: '0', most_minute: '0', most_hour: '0' }, row));
  }
  return { subjects: found, unnamed: Number(deniedOf.get('*')?.denied ?? 0) };
}

async function deniedSubjects(database: DataSource, { scopes, accounts, from }: Span): Promise<DenialsRow[]> {
  return await database.query<DenialsRow[]>(
    `SELECT e.subject, sum(e.count) AS with_hour_before, coalesce(sum(e.count) FILTER (WHERE e.first_at >= to_timestamp($2)), 0) AS denied
     FROM rollgate.limit_event e
     WHERE ${IS_DENIAL} AND NOT rollgate.is_internal(e.account)
       AND (split_part(e.subject, '/', 2) = ANY ($3) OR e.subject = '*' AND (e.api = ANY ($3) OR '@' || e.group_id = ANY ($3)))
       AND ($4::text[] IS NULL OR e.account = ANY ($4) OR e.account = '*')
     GROUP BY e.subject`,
    [from - WARM_UP_SECONDS, from, scopes, accounts === null ? null : accounts.map(decoded)],
  );
}

function onRecord(
  { subject, lane, units, most_minute, most_hour }: UnitsRow,
  { denied, with_hour_before }: Omit<DenialsRow, 'subject'>,
): SubjectOnRecord {
  return {
    subject,
    lane,
    units: Number(units),
    mostMinute: Number(most_minute),
    mostHour: Number(most_hour),
    denied: Number(denied),
    deniedWithHourBefore: Number(with_hour_before),
  };
}

/** The calls of these subjects, one by one, from an hour before the span on. */
export async function callsOf(
  database: DataSource,
  subjects: readonly SubjectOnRecord[],
  { from, to }: Span,
): Promise<Map<string, RecordedCalls>> {
  const keys = subjects.map(({ subject }) => subject);
  const [minutes, denials] = await Promise.all([
    database.query<MinuteRow[]>('SELECT * FROM rollgate.minutes_of_subjects($1, $2, $3, $4)', [
      subjects.map(({ lane }) => lane),
      keys,
      Math.floor((from - WARM_UP_SECONDS) / 60),
      Math.floor(to / 60),
    ]),
    database.query<DenialRow[]>(
      `SELECT e.subject, floor(extract(epoch FROM e.first_at))::int AS second, e.cost, sum(e.count) AS calls
       FROM unnest($2::text[]) AS s (subject)
       JOIN rollgate.limit_event e ON rollgate.value_hash(e.subject, -1) = rollgate.value_hash(s.subject, -1) AND e.subject = s.subject
       WHERE ${IS_DENIAL} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      [from - WARM_UP_SECONDS, subjects.filter((one) => one.deniedWithHourBefore > 0).map(({ subject }) => subject)],
    ),
  ]);
  const found = new Map(keys.map((key) => [key, { allowed: new AllowedOfSubject(), denied: [] as DenialsOfSubject }]));
  for (const row of minutes) found.get(row.subject)?.allowed.add(row);
  for (const { subject, second, cost, calls } of denials) {
    found.get(subject)?.denied.push({ second, cost, calls: Number(calls) });
  }
  return new Map([...found].map(([key, { allowed, denied }]) => [key, { allowed: allowed.calls, denied }]));
}

type DenialsOfSubject = { second: number; cost: number; calls: number }[];

/** Units by second. Units that the last reset forgave come before it. */
class AllowedOfSubject {
  readonly calls: { second: number; units: number; afterReset: boolean }[] = [];
  #forgiven = false;

  add({ minute, secs, sums, start, cleared }: MinuteRow): void {
    let before = Number(start);
    for (const [i, sec] of secs.entries()) {
      const newest = Number(start) + (sums[i] as number);
      const second = minute * 60 + sec;
      const forgiven = Math.min(newest, Math.max(before, Number(cleared)));
      if (forgiven > before) {
        this.calls.push({ second, units: forgiven - before, afterReset: false });
        this.#forgiven = true;
      }
      if (newest > forgiven) {
        this.calls.push({ second, units: newest - forgiven, afterReset: this.#forgiven });
        this.#forgiven = false;
      }
      before = newest;
    }
  }
}

const decoded = (account: string): string => parseSubjectKey(`${account}//`).account;
const laneOfEncoded = (account: string): number => laneOf(decoded(account));
