/** For tests of policy changes: a database with a registered catalogue, and an account of its own for each test. */

import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { ADMIN, type Changed, CUSTOMER, change, type Who } from './policy-author.js';
import { openSampleLimiter } from './sample-limiter.js';

/** An API of the built-in catalogue, with 60 and 1,800 units by default. */
export const API = 'publish-bot';

/** A lowered limit, as a refusal or the history lists it. */
interface Lowering {
  readonly api: string;
  readonly window: 'minute' | 'hour';
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly at: string | null;
  readonly text: string;
}

/** A row that a change of an override or a limit request returns. */
export interface ChangedRow extends Changed {
  readonly per_hour: number | null;
  readonly factor: string | null;
  readonly history_id: string;
}

interface HistoryRow {
  readonly id: string;
  readonly action: string;
  readonly actor: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown>;
  readonly reason: string;
}

export class PolicyDesk {
  /** The account of the running test. */
  account = 'acme';
  readonly #author: Who;
  #database: TestDatabase | undefined;
  #accounts = 0;

  /** `author` makes the changes for which a test names no other person. */
  constructor({ author }: { author: Who }) {
    this.#author = author;
  }

  get pool(): TestDatabase['pool'] {
    return (this.#database as TestDatabase).pool;
  }

  async open(): Promise<void> {
    this.#database = await createTestDatabase();
    // A limiter that has polled once has registered its catalogue.
    const limiter = openSampleLimiter(this.#database.url);
    await limiter.refreshPolicy();
    await limiter.close();
  }

  async close(): Promise<void> {
    await this.#database?.drop();
  }

  nextAccount(): void {
    this.account = `acme-${++this.#accounts}`;
  }

  create(spec: object, by: Who = this.#author): Promise<ChangedRow> {
    return change<ChangedRow>(this, 'create_override', {
      by,
      values: [{ account: this.account, reason: 'because', ...spec }],
    });
  }

  changeTo(id: string, changes: object, by: Who = this.#author): Promise<ChangedRow> {
    return change<ChangedRow>(this, 'change_override', { by, values: [id, null, changes, 'because'] });
  }

  /** Files a limit request. */
  ask(spec: object, by: Who = CUSTOMER): Promise<ChangedRow> {
    return change<ChangedRow>(this, 'ask_limit', {
      by,
      values: [{ account: this.account, api: API, reason: 'launch', ...spec }],
    });
  }

  /** The effective limits per minute and hour. */
  async limits(api = API, subject = ''): Promise<[perMinute: number, perHour: number]> {
    const { rows } = await this.pool.query('SELECT * FROM rollgate.limits_for($1, $2, $3, NULL)', [
      this.account,
      api,
      subject,
    ]);
    return [rows[0].per_minute, rows[0].per_hour];
  }

  async history(target: string): Promise<HistoryRow[]> {
    const { rows } = await this.pool.query<HistoryRow>(
      'SELECT id, action, actor, role, address, request_id, before, after, reason, undoes FROM rollgate.history WHERE target = $1 ORDER BY id',
      [target],
    );
    return rows;
  }

  /** The lowered limits that the history records for a change. */
  async loweredOnRecord(historyId: string): Promise<Lowering[] | undefined> {
    const { rows } = await this.pool.query(`SELECT after -> 'lowered' AS lowered FROM rollgate.history WHERE id = $1`, [
      historyId,
    ]);
    return rows[0].lowered ?? undefined;
  }
}

/** Opens a desk for the tests of one file. */
export function usePolicyDesk({ author = ADMIN }: { author?: Who } = {}): PolicyDesk {
  const desk = new PolicyDesk({ author });
  beforeAll(() => desk.open());
  afterAll(() => desk.close());
  beforeEach(() => desk.nextAccount());
  return desk;
}

/** The lowered limits that a refusal lists; `undefined` if the change was made. */
export async function refusal(done: Promise<unknown>): Promise<Lowering[] | undefined> {
  try {
    await done;
    return undefined;
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    expect(code).toBe('RG409');
    return JSON.parse(detail).lowering;
  }
}

export const brief = (list: Lowering[] | undefined) =>
  list?.map(({ api, window, from, to, why }) => [api, window, from, to, why]);
