/**
 * Matches the rows of an answer to the items of the batch by key.
 *
 * Invariant: rows are matched by the key they carry, never by position, because Postgres returns rows in any order that
 * its plan produces.
 */
import { BrokenAnswerError } from './broken-answers.js';
import type { AcquireItem, AcquireRow } from './store.js';

/** One column of an answer. */
export type Ints = readonly (number | null)[];

/** The answer as columns; each index is one row. */
export interface AnswerColumns {
  /** The key of the row: the position of its item in the batch, from 1. */
  readonly item: Ints;
  /** `undefined` if every item was decided in the second of the answer's clock. */
  readonly second: Ints | undefined;
  readonly granted: Ints;
  readonly minuteUsed: Ints;
  readonly hourUsed: Ints;
  readonly minuteReset: Ints;
  readonly hourReset: Ints;
  /** `undefined` if no call was denied. */
  readonly retryAt: Ints | undefined;
}

/**
 * Returns the rows in the order of the items. `nowMs` is the answer's clock, Unix ms.
 *
 * @throws BrokenAnswerError when an item has no row or two rows, or a row belongs to no item
 */
export function rowsByItem(items: readonly AcquireItem[], columns: AnswerColumns, nowMs: number): AcquireRow[] {
  const { item } = columns;
  for (const name of Object.keys(columns) as (keyof AnswerColumns)[]) {
    const values = columns[name];
    if (values !== undefined && values.length !== item.length)
      throw new BrokenAnswerError(`${values.length} values of ${name} for ${item.length} keys`);
  }
  const second = Math.floor(nowMs / 1000);
  const rows = new Array<AcquireRow | undefined>(items.length);
  for (let i = 0; i < item.length; i++) {
    const place = (item[i] as number) - 1;
    if (items[place] === undefined)
      throw new BrokenAnswerError(`a row of item ${item[i]}, in a batch of ${items.length}`);
    if (rows[place] !== undefined) throw new BrokenAnswerError(`two rows of item ${item[i]}`);
    rows[place] = rowOf(columns, { i, second });
  }
  // Each row has a different item, so equal numbers of rows and items mean that no item lacks a row.
  if (item.length !== items.length) throw new BrokenAnswerError(`${item.length} rows for ${items.length} items`);
  return rows as AcquireRow[];
}

function rowOf(columns: AnswerColumns, { i, second }: { i: number; second: number }): AcquireRow {
  return {
    second: columns.second === undefined ? second : (columns.second[i] as number),
    granted: columns.granted[i] as number,
    minuteUsed: columns.minuteUsed[i] as number,
    hourUsed: columns.hourUsed[i] as number,
    minuteResetAt: columns.minuteReset[i] as number | null,
    hourResetAt: columns.hourReset[i] as number | null,
    retryAt: columns.retryAt === undefined ? null : (columns.retryAt[i] as number | null),
  };
}
