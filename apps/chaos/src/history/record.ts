/**
 * What happened, in JSON lines: each call as its caller saw it, and each statement as it was sent and answered.
 *
 * Invariants: a statement is on record before it is sent, a call once it is answered; so an instance that is killed leaves no
 * grant that nobody knows of. `at` times are ms of this machine's monotonic clock, the same in all processes of it.
 */

export interface CallRecord {
  readonly kind: 'call';
  readonly instance: string;
  /** The subject's key. */
  readonly subject: string;
  readonly cost: number;
  readonly askedAt: number;
  readonly endedAt: number;
  /** The instance's wall clock, Unix ms. */
  readonly instanceMs: number;
  /** The database's clock, as the decision tells it, Unix ms. `null`: there was no decision. */
  readonly decidedAtMs: number | null;
  readonly allowed: boolean | null;
  readonly mode: string | null;
  readonly source: string | null;
  readonly deniedBy: 'minute' | 'hour' | null;
  /** Of a denial: after how long it may be tried again. `null`: no wait helps. */
  readonly retryAfterMs: number | null;
  /** In force for it; of decisions without the database the instance's part. */
  readonly perMinute: number;
  readonly perHour: number;
  readonly error: string | null;
}

interface SentRecord {
  readonly kind: 'sent';
  readonly instance: string;
  /** Of the instance's statements. */
  readonly id: number;
  readonly at: number;
  readonly subjects: readonly string[];
  readonly costs: readonly number[];
  readonly calls: readonly number[];
  /** It tells what was granted without the database. */
  readonly debit: boolean;
}

interface AnswerRecord {
  readonly kind: 'answer';
  readonly instance: string;
  readonly id: number;
  readonly at: number;
  readonly nowMs: number | null;
  /** Calls granted, by item. */
  readonly granted: readonly number[];
  /** Whether the rows of the answer came in the order of the batch. */
  readonly inOrder: boolean;
  readonly error: string | null;
  /** `refused`: Postgres says that it rolled it back. `unknown`: it may have been written. */
  readonly outcome: 'answered' | 'refused' | 'unknown';
}

/** No connection was to be had, or another mishap beside the calls. */
interface MishapRecord {
  readonly kind: 'mishap';
  readonly instance: string;
  readonly at: number;
  readonly what: string;
}

export type HistoryRecord = CallRecord | SentRecord | AnswerRecord | MishapRecord;

/** A statement and what became of it. */
export interface Statement extends Omit<SentRecord, 'kind'> {
  readonly answer: AnswerRecord | undefined;
}

export interface History {
  readonly calls: readonly CallRecord[];
  readonly statements: readonly Statement[];
  readonly mishaps: readonly MishapRecord[];
}

/** The last line of a killed instance may be half a line: it tells nothing. */
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
