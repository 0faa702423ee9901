/**
 * Notes each deciding statement before it is sent and when it is answered, below the limiter: in the driver.
 *
 * Invariant: what is noted is on file before the statement leaves, and is not lost when this process is killed.
 */
import { writeSync } from 'node:fs';
import pg from 'pg';
import { type HistoryRecord, machineMs } from '../history/record.js';

/** The limit under which an instance tells what it granted by itself. */
const NO_LIMIT = 2_147_483_647;

export type Note = (record: HistoryRecord) => void;

/** `file`: a descriptor. */
export function noteTo(file: number): Note {
  return (record) => void writeSync(file, `${JSON.stringify(record)}\n`);
}

interface Told {
  readonly text?: string;
  readonly values?: readonly unknown[];
}

export function observeStatements(instance: string, note: Note): void {
  let ids = 0;
  const query = pg.Client.prototype.query as (this: pg.Client, ...args: unknown[]) => unknown;
  function observed(this: pg.Client, ...args: unknown[]): unknown {
    const { text, values } = (typeof args[0] === 'object' ? args[0] : {}) as Told;
    if (!text?.includes('rollgate.acquire(') || values === undefined) return query.apply(this, args);
    const subjects = list<string>(values[1]);
    // A connection is opened with an empty batch, which decides nothing.
    if (subjects.length === 0) return query.apply(this, args);
    const id = ++ids;
    const debit = list<number>(values[4])[0] === NO_LIMIT;
    note({
      kind: 'sent',
      instance,
      id,
      at: machineMs(),
      subjects,
      costs: list(values[2]),
      calls: list(values[3]),
      debit,
    });
    const answered = query.apply(this, args) as Promise<pg.QueryArrayResult<[string, string, string]>>;
    answered.then(
      ({ rows }) => {
        const [nowMs, item, granted] = rows[0] as [string, string, string];
        const byItem = new Array<number>(subjects.length).fill(0);
        const places = list<number>(item);
        const inOrder = places.every((place, i) => place === i + 1);
        for (const [i, calls] of list<number>(granted).entries()) byItem[(places[i] as number) - 1] = calls;
        note({
          kind: 'answer',
          instance,
          id,
          at: machineMs(),
          nowMs: Number(nowMs),
          granted: byItem,
          inOrder,
          error: null,
          outcome: 'answered',
        });
      },
      (error: unknown) => {
        const outcome = isRefusal(error) ? 'refused' : 'unknown';
        note({
          kind: 'answer',
          instance,
          id,
          at: machineMs(),
          nowMs: null,
          granted: [],
          inOrder: true,
          error: told(error),
          outcome,
        });
      },
    );
    return answered;
  }
  pg.Client.prototype.query = observed as unknown as typeof pg.Client.prototype.query;
}

/** An error of the statement, which ended its transaction; one that ends the session may come after the commit. */
function isRefusal(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity === 'ERROR';
}

/** SQLSTATE, or what the driver says. */
export function told(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}

function list<T>(literal: unknown): T[] {
  const text = String(literal);
  return JSON.parse(`[${text.slice(1, -1).replaceAll('NULL', 'null')}]`) as T[];
}
