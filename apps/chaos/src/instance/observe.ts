/**
 * Records each deciding statement in the driver: before it is sent, and when it is answered.
 *
 * Invariant: the record is in the file before the statement is sent, so it is not lost if this process is killed.
 */
import { writeSync } from 'node:fs';
import pg from 'pg';
import { type AnswerRecord, type HistoryRecord, machineMs } from '../history/record.js';

/** The limit of a debit, i.e. of calls that were allowed without the database. */
const NO_LIMIT = 2_147_483_647;

export type Note = (record: HistoryRecord) => void;

/** `file`: a file descriptor. */
export function noteTo(file: number): Note {
  return (record) => void writeSync(file, `${JSON.stringify(record)}\n`);
}

interface Query {
  readonly text?: string;
  readonly values?: readonly unknown[];
}

type Rows = pg.QueryArrayResult<[nowMs: string, item: string, granted: string]>;
type Answer = Pick<AnswerRecord, 'nowMs' | 'granted' | 'inOrder' | 'error' | 'outcome'>;

export function observeStatements(instance: string, note: Note): void {
  let ids = 0;
  const query = pg.Client.prototype.query as (this: pg.Client, ...args: unknown[]) => unknown;
  function observed(this: pg.Client, ...args: unknown[]): unknown {
    const { text, values } = (typeof args[0] === 'object' ? args[0] : {}) as Query;
    if (!text?.includes('rollgate.acquire(') || values === undefined) return query.apply(this, args);
    const subjects = list<string>(values[1]);
    // A new connection sends an empty batch, which decides nothing.
    if (subjects.length === 0) return query.apply(this, args);
    const id = ++ids;
    const [costs, calls] = [list<number>(values[2]), list<number>(values[3])];
    const debit = list<number>(values[4])[0] === NO_LIMIT;
    note({ kind: 'sent', instance, id, at: machineMs(), subjects, costs, calls, debit });
    const noteAnswer = (answer: Answer) => note({ kind: 'answer', instance, id, at: machineMs(), ...answer });
    const answered = query.apply(this, args) as Promise<Rows>;
    answered.then(
      (rows) => noteAnswer(answerIn(rows, subjects.length)),
      (error: unknown) => noteAnswer(failureOf(error)),
    );
    return answered;
  }
  pg.Client.prototype.query = observed as unknown as typeof pg.Client.prototype.query;
}

function answerIn({ rows }: Rows, items: number): Answer {
  const [nowMs, item, granted] = rows[0] as Rows['rows'][0];
  const byItem = new Array<number>(items).fill(0);
  const places = list<number>(item);
  for (const [i, calls] of list<number>(granted).entries()) byItem[(places[i] as number) - 1] = calls;
  const inOrder = places.every((place, i) => place === i + 1);
  return { nowMs: Number(nowMs), granted: byItem, inOrder, error: null, outcome: 'answered' };
}

function failureOf(error: unknown): Answer {
  const outcome = isRefusal(error) ? 'refused' : 'unknown';
  return { nowMs: null, granted: [], inOrder: true, error: errorText(error), outcome };
}

/** Whether the error means that the transaction was rolled back. An error that ends the session may come after the commit. */
function isRefusal(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity === 'ERROR';
}

/** The SQLSTATE, or the message of the driver. */
export function errorText(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}

function list<T>(literal: unknown): T[] {
  const text = String(literal);
  return JSON.parse(`[${text.slice(1, -1).replaceAll('NULL', 'null')}]`) as T[];
}
