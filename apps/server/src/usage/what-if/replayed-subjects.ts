/** Replays the calls on record under a changed policy, subject by subject. */
import { type Limits, WINDOW_SECONDS } from '@rollgate/contract';
import { parseSubjectKey } from '@rollgate/limiter';
import type { DataSource } from 'typeorm';
import { type RecordedCalls, replay } from '../replay.js';
import type { ChangedPolicy } from './changed-policy.js';
import { callsOf, type Span, type SubjectOnRecord, subjectsOnRecord } from './recorded-calls.js';
import type { WhatIfRow } from './what-if.schemas.js';

/** Subjects whose calls are in memory at a time. */
const BATCH = 500;

interface Concerned {
  readonly found: SubjectOnRecord;
  readonly api: string;
  readonly before: Limits;
  readonly after: Limits;
}

/** One row for each subject with calls whose limits the change alters. */
export async function replayedSubjects(
  database: DataSource,
  { scopes, before, after }: ChangedPolicy,
  span: Span,
): Promise<{ rows: WhatIfRow[]; unnamed: number }> {
  const { subjects, unnamed } = await subjectsOnRecord(database, span);
  const concerned = subjects.flatMap((found): Concerned[] => {
    const entry = scopes.get(parseSubjectKey(found.subject).scope);
    if (entry === undefined) return [];
    const change = { before: before(entry, found.subject), after: after(entry, found.subject) };
    return isSame(change) ? [] : [{ found, api: entry.id, ...change }];
  });
  const doubtful = concerned.filter(mayDiffer);
  const rows = concerned.filter((one) => !mayDiffer(one)).map(unchanged);
  for (let at = 0; at < doubtful.length; at += BATCH) {
    const batch = doubtful.slice(at, at + BATCH);
    const calls = await callsOf(
      database,
      batch.map(({ found }) => found),
      span,
    );
    for (const one of batch) rows.push(replayed(one, calls.get(one.found.subject) as RecordedCalls, span));
  }
  return { rows, unnamed };
}

function isSame({ before, after }: { before: Limits; after: Limits }): boolean {
  return before.perMinute === after.perMinute && before.perHour === after.perHour;
}

/** A subject without denials whose windows never held more than the new limits is decided as before. */
function mayDiffer({ found, after }: Concerned): boolean {
  return found.deniedWithHourBefore > 0 || found.mostMinute > after.perMinute || found.mostHour > after.perHour;
}

function unchanged(one: Concerned): WhatIfRow {
  return { ...rowOf(one), affected: 0, stillAllowed: one.found.units, newlyDenied: 0, newlyAllowed: 0, aboveNow: 0 };
}

function replayed(one: Concerned, calls: RecordedCalls, { from, to }: Span): WhatIfRow {
  const counts = replay(calls, { ...one.after, from });
  const aboveNow = isAbove(calls, one.after, to) ? 1 : 0;
  const affected = counts.newlyDenied + counts.newlyAllowed + aboveNow > 0 ? 1 : 0;
  return { ...rowOf(one), affected, ...counts, aboveNow };
}

function rowOf({ found, api, before, after }: Concerned) {
  const { account, dimensions } = parseSubjectKey(found.subject);
  return { account, api, subject: found.subject, dimensions, before, after, subjects: 1, denied: found.denied };
}

/** Whether a window holds more units now than the new limit. */
function isAbove({ allowed }: RecordedCalls, { perMinute, perHour }: Limits, clock: number): boolean {
  const now = Math.max(clock, allowed.at(-1)?.second ?? clock);
  const lastReset = allowed.findLastIndex(({ afterReset }) => afterReset === true);
  const used = { minute: 0, hour: 0 };
  for (const { second, units } of allowed.slice(Math.max(lastReset, 0))) {
    if (second >= now - WINDOW_SECONDS.minute) used.minute += units;
    if (second >= now - WINDOW_SECONDS.hour) used.hour += units;
  }
  return used.minute > perMinute || used.hour > perHour;
}
