/** The statement that decides a batch: its parameters, and how its answer is read. */
import type pg from 'pg';
import { type Ints, rowsByItem } from './answer-rows.js';
import { BrokenAnswerError } from './broken-answers.js';
import type { AcquireItem, AcquireResult } from './store.js';

/** One row of arrays, as text from Postgres. */
export type AcquireTuple = [
  nowMs: string,
  item: string,
  granted: string,
  minuteUsed: string,
  hourUsed: string,
  minuteReset: string,
  hourReset: string,
  retryAt: string | null,
  second: string | null,
];

type IntColumns = [item: Ints, granted: Ints, minuteUsed: Ints, hourUsed: Ints, minuteReset: Ints, hourReset: Ints];

/** Parses an array literal such as `{1,2,NULL}` into numbers. */
function ints(literal: string): Ints {
  const list = `[${literal.slice(1, -1)}]`;
  return JSON.parse(list.includes('N') ? list.replaceAll('NULL', 'null') : list) as Ints;
}

const ACQUIRE = {
  text: `SELECT now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
         FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7, $8)`,
  rowMode: 'array' as const,
  // Return raw text: `ints` parses a whole array of numbers at once, and the driver's parser goes character by
  // character.
  types: { getTypeParser: () => (text: string) => text },
};

/** On Citus, where each batch has one lane, which is the first argument: the whole call runs on the server that has the lane. */
const ACQUIRE_LANE = {
  ...ACQUIRE,
  text: ACQUIRE.text.replace('rollgate.acquire(', 'rollgate.acquire_lane(').replace(', $8)', ')'),
};

type Statement = typeof ACQUIRE & { readonly name?: string };

export interface AcquireStatementOptions {
  /** Set to `false` to use no named prepared statement, as a transaction pooler requires. */
  readonly prepared?: boolean;
  /** Current time in Unix ms, for tests that control time. By default the database's clock is used. */
  readonly clock?: (() => number) | undefined;
  /**
   * By default the commit waits for the disk. With `false` it does not, and no grant may be reported before a flush.
   */
  readonly durable?: boolean;
}

export class AcquireStatement {
  /** Whether each batch has one lane, as Citus needs it. Set before the first decision, because only then the engine is known. */
  oneLane = false;
  readonly #ofLanes: Statement;
  readonly #ofOneLane: Statement;
  readonly #durable: boolean;
  readonly #clock: (() => number) | undefined;

  constructor({ prepared = true, clock, durable = true }: AcquireStatementOptions) {
    this.#durable = durable;
    this.#ofLanes = prepared ? { ...ACQUIRE, name: 'rollgate_acquire' } : ACQUIRE;
    this.#ofOneLane = prepared ? { ...ACQUIRE_LANE, name: 'rollgate_acquire_lane' } : ACQUIRE_LANE;
    this.#clock = clock;
  }

  /** Whether the grants of an answered batch are safe from a crash. A flush on Citus's coordinator would not reach the workers. */
  get isDurable(): boolean {
    return this.#durable || this.oneLane;
  }

  /**
   * Runs an empty decision on a new connection, so that its first batch finds the statement prepared and the function
   * compiled.
   *
   * @throws the error of Postgres, e.g. that the function is missing
   */
  async warmUp(client: pg.ClientBase): Promise<void> {
    const lanes = this.oneLane ? 0 : '{}';
    await client.query({ ...this.#config, values: [lanes, '{}', '{}', '{}', '{}', '{}', ...this.#last()] });
  }

  /** The statement for these items. After `answerWithinMs`, the driver gives up; `undefined` means no limit. */
  forItems(
    items: readonly AcquireItem[],
    { durable, answerWithinMs }: { durable: boolean; answerWithinMs: number | undefined },
  ): pg.QueryArrayConfig {
    return {
      ...this.#config,
      ...(answerWithinMs === undefined ? {} : { query_timeout: answerWithinMs }),
      values: [
        this.oneLane ? laneOf(items) : `{${items.map((i) => i.lane).join()}}`,
        // Pass array literals: the driver would escape each element of an array, and a key contains no quote or
        // backslash.
        `{"${items.map((i) => i.subject).join('","')}"}`,
        `{${items.map((i) => i.cost).join()}}`,
        `{${items.map((i) => i.calls).join()}}`,
        `{${items.map((i) => i.perMinute).join()}}`,
        `{${items.map((i) => i.perHour).join()}}`,
        ...this.#last(durable),
      ],
    };
  }

  /** Reads the answer to these items. @throws BrokenAnswerError */
  read(items: readonly AcquireItem[], rows: readonly AcquireTuple[]): AcquireResult {
    if (rows.length !== 1) throw new BrokenAnswerError(`${rows.length} answers to one batch`);
    const answer = rows[0] as AcquireTuple;
    const nowMs = Number(answer[0]);
    const columns = answer.slice(1, -2);
    if (columns.includes(null)) throw new BrokenAnswerError('a column is missing');
    const [item, granted, minuteUsed, hourUsed, minuteReset, hourReset] = columns.map((literal) =>
      ints(literal as string),
    ) as IntColumns;
    const [retryAt, second] = answer
      .slice(-2)
      .map((literal) => (literal === null ? undefined : ints(literal as string)));
    const byItem = { item, granted, minuteUsed, hourUsed, minuteReset, hourReset, retryAt, second };
    return { nowMs, rows: rowsByItem(items, byItem, nowMs) };
  }

  get #config(): Statement {
    return this.oneLane ? this.#ofOneLane : this.#ofLanes;
  }

  /** The last arguments: the time, and on one Postgres whether the commit waits for the disk. */
  #last(durable = this.isDurable): unknown[] {
    const now = this.#clock ? new Date(this.#clock()) : null;
    return this.oneLane ? [now] : [now, durable];
  }
}

function laneOf(items: readonly AcquireItem[]): number {
  const lane = items[0]?.lane as number;
  if (items.some((item) => item.lane !== lane)) throw new Error('on Citus a batch has one lane');
  return lane;
}
