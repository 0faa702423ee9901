/**
 * LIVE: each denial by the database, including a remembered one, is justified by units in its window. Buckets are one second
 * long, so a unit may count for up to one second longer than the window.
 */
import { bySubject, type CallRecord, type History } from '../history/record.js';

/** The length of the window plus one bucket. */
const REACH_MS = { minute: 61_000, hour: 3_601_000 } as const;

export interface Unjustified {
  readonly subject: string;
  readonly atMs: number;
  readonly window: 'minute' | 'hour';
  readonly limit: number;
  /** The units that the history has in the window. */
  readonly units: number;
}

interface Charge {
  readonly subject: string;
  /** `null`: unknown, and so is whether it was decided at all. It then counts from when it was sent. */
  readonly nowMs: number | null;
  readonly sentAt: number;
  readonly units: number;
}

export function checkLive(history: Pick<History, 'calls' | 'statements'>): Unjustified[] {
  const charges = bySubject(chargesOf(history));
  const denials = history.calls.filter(({ allowed, mode }) => allowed === false && mode === 'enforced');
  return denials.flatMap((denial) => {
    const found = judge(denial, charges.get(denial.subject) ?? []);
    return found === undefined ? [] : [found];
  });
}

function judge(denial: CallRecord, charges: readonly Charge[]): Unjustified | undefined {
  const { subject, cost, decidedAtMs, endedAt, deniedBy } = denial;
  const window = deniedBy ?? 'minute';
  const limit = window === 'minute' ? denial.perMinute : denial.perHour;
  const oldestMs = (decidedAtMs as number) - REACH_MS[window];
  let units = 0;
  for (const charge of charges)
    if (charge.sentAt <= endedAt && (charge.nowMs === null || charge.nowMs > oldestMs)) units += charge.units;
  return units + cost > limit ? undefined : { subject, atMs: decidedAtMs as number, window, limit, units };
}

/** What the database counted or may have counted: calls it allowed, debits, and statements whose answer was lost. */
function chargesOf({ statements }: Pick<History, 'statements'>): Charge[] {
  return statements.flatMap(({ at, subjects, costs, calls, answer }) =>
    subjects.flatMap((subject, i) => {
      if (answer?.outcome === 'refused') return [];
      const known = answer?.outcome === 'answered';
      const units = (costs[i] as number) * ((known ? answer.granted[i] : calls[i]) as number);
      return units > 0 ? [{ subject, nowMs: known ? answer.nowMs : null, sentAt: at, units }] : [];
    }),
  );
}
