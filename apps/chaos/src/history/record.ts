/**
 * The history of an experiment as JSON lines: each call as its caller saw it, and each statement as it was sent and answered.
 *
 * Invariants: a statement is recorded before it is sent, and a call when it is answered. An instance that is killed therefore
 * leaves no allowed call without a record. `at` times are milliseconds of the machine's monotonic clock, which is the same in all
 * processes.
 */

export interface CallRecord {
  readonly kind: 'call';
  readonly instance: string;
  /** The key of the subject. */
  readonly subject: string;
  readonly cost: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The instance's wall clock, Unix ms. */
  readonly instanceMs: number;
  /** The database's clock at the decision, Unix ms. `null`: there was no decision. */
  readonly decidedAtMs: number | null;
  readonly allowed: boolean | null;
  readonly mode: string | null;
  readonly source: string | null;
  readonly deniedBy: 'minute' | 'hour' | null;
  /** When to retry a denied call. `null`: retrying does not help. */
  readonly retryAfterMs: number | null;
  /** The limits in force, or the instance's share if it decided without the database. */
  readonly perMinute: number;
  readonly perHour: number;
  readonly error: string | null;
}

interface SentRecord {
  readonly kind: 'sent';
  readonly instance: string;
  /** Unique among the statements of the instance. */
  readonly id: number;
  readonly at: number;
  readonly subjects: readonly string[];
  readonly costs: readonly number[];
  readonly calls: readonly number[];
  /** Whether the statement debits calls that were allowed without the database. */
  readonly debit: boolean;
}

export interface AnswerRecord {
  readonly kind: 'answer';
  readonly instance: string;
  readonly id: number;
  readonly at: number;
  readonly nowMs: number | null;
  /** The number of allowed calls, for each item of the batch. */
  readonly granted: readonly number[];
  /** Whether the answer was in the order of the batch. */
  readonly inOrder: boolean;
  readonly error: string | null;
  /** `refused`: Postgres reported that it rolled the statement back. `unknown`: it may have been committed. */
  readonly outcome: 'answered' | 'refused' | 'unknown';
}

/** An error outside of calls, e.g. that no connection was free. */
interface MishapRecord {
  readonly kind: 'mishap';
  readonly instance: string;
  readonly at: number;
  readonly what: string;
}

export type HistoryRecord = CallRecord | SentRecord | AnswerRecord | MishapRecord;

/** A statement and its answer, if there was one. */
export interface Statement extends Omit<SentRecord, 'kind'> {
  readonly answer: AnswerRecord | undefined;
}

export interface History {
  readonly calls: readonly CallRecord[];
  readonly statements: readonly Statement[];
  readonly mishaps: readonly MishapRecord[];
}

/** The last line of a killed instance may be incomplete. Skip it. */
export function readHistory(text: string): History {
  const calls: CallRecord[] = [];
  const mishaps: MishapRecord[] = [];
  const sent: SentRecord[] = [];
  const answers = new Map<string, AnswerRecord>();
  for (const line of text.split('\n')) {
    if (!line.endsWith('}')) continue;
    const record = JSON.parse(line) as HistoryRecord;
    if (record.kind === 'call') calls.push(record);
    else if (record.kind === 'sent') sent.push(record);
    else if (record.kind === 'answer') answers.set(`${record.instance} ${record.id}`, record);
    else mishaps.push(record);
  }
  const statements = sent.map(({ kind: _, ...one }) => ({ ...one, answer: answers.get(`${one.instance} ${one.id}`) }));
  return { calls, statements, mishaps };
}

export const machineMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

export function bySubject<T extends { readonly subject: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.subject);
    if (group) group.push(item);
    else groups.set(item.subject, [item]);
  }
  return groups;
}
