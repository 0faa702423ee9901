/** Correct histories, into which a test inserts an error. */
import type { CallRecord, History, Statement } from '../src/history/record.js';

export const START_MS = Date.UTC(2026, 0, 1);
export const LIMITS = { perMinute: 10, perHour: 100 } as const;

/** A call. `at`: seconds since the start, on every clock. */
export function call(at: number, changes: Partial<CallRecord> = {}): CallRecord {
  return {
    kind: 'call',
    instance: 'n1',
    subject: 's',
    cost: 1,
    startedAt: at * 1000,
    endedAt: at * 1000 + 5,
    instanceMs: START_MS + at * 1000,
    decidedAtMs: START_MS + at * 1000,
    allowed: true,
    mode: 'enforced',
    source: 'default',
    deniedBy: null,
    retryAfterMs: null,
    ...LIMITS,
    error: null,
    ...changes,
  };
}

export const denial = (at: number, changes: Partial<CallRecord> = {}): CallRecord =>
  call(at, { allowed: false, deniedBy: 'minute', retryAfterMs: 1_000, ...changes });

let ids = 0;

/** The statement of one call. */
export function statement(of: CallRecord, changes: Partial<Statement> = {}): Statement {
  const { instance, subject, cost, startedAt, endedAt, decidedAtMs, allowed } = of;
  const id = ++ids;
  return {
    instance,
    id,
    at: startedAt,
    subjects: [subject],
    costs: [cost],
    calls: [1],
    debit: false,
    answer: {
      kind: 'answer',
      instance,
      id,
      at: endedAt,
      nowMs: decidedAtMs,
      granted: [allowed === true ? 1 : 0],
      inOrder: true,
      error: null,
      outcome: 'answered',
    },
    ...changes,
  };
}

/** As many calls as the limit, one per second, and then a denied call. */
export function fullMinute(): CallRecord[] {
  return [...Array.from({ length: LIMITS.perMinute }, (_, i) => call(i)), denial(LIMITS.perMinute)];
}

export function historyOf(
  calls: readonly CallRecord[],
  statements: readonly Statement[] = calls.map((one) => statement(one)),
): History {
  return { calls, statements, mishaps: [] };
}
