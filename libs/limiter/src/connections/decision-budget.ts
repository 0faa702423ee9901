/** The time budget of a call, and the part that each step may use. */
import type { RoundTrip } from './round-trip.js';

export const DEFAULT_BUDGET_MS = 150;
/** Reading the usage of one account takes a few milliseconds. */
export const DEFAULT_LOOK_MS = 2_000;
/** Round trips to sign in and to read twice. */
const LOOK_ROUND_TRIPS = 8;

/**
 * Each call ends its own wait when its budget is spent (deadlines.ts). The limits here end what a batch waits for
 * when none of its calls waits any more: of a budget of 150 ms, 150 ms for a connection, 150 ms for the lane locks, 200
 * ms for the statement in the server, and 240 ms for its answer; other budgets are divided in proportion. A shorter
 * limit would give up a place in the queue for a lane while calls still have time. The server's limits end first: an
 * answer that the server gives keeps the connection and says that nothing was written, silence does neither.
 *
 * Steps that the limiter times itself get two round trips to the database on top, because a call that arrives just after
 * a batch has left waits for that batch and for its own. A distant database is therefore not treated as a slow one.
 */
export class DecisionBudget {
  /** Time limit for the lane locks, ms, enforced by the server. */
  readonly lockMs: number;
  /** Time limit for the statement, ms, enforced by the server. */
  readonly statementMs: number;
  readonly #callMs: number;
  readonly #roundTrip: RoundTrip;

  /** @throws RangeError when `callMs` is below 10 ms */
  constructor(callMs: number, roundTrip: RoundTrip) {
    if (!(callMs >= 10 && callMs <= 60_000)) throw new RangeError('budgetMs: must be from 10 to 60,000');
    this.#callMs = callMs;
    this.#roundTrip = roundTrip;
    this.lockMs = this.#part(150);
    this.statementMs = this.#part(200);
  }

  /** Time from a call's start to its decision, ms. */
  get callMs(): number {
    return this.#callMs + this.#distanceMs;
  }

  /** Time limit for getting a connection, ms. */
  get connectMs(): number {
    return this.#part(150) + this.#distanceMs;
  }

  /**
   * Time limit for the answer to a statement that Postgres can begin at once, ms, enforced here. After it the
   * connection is destroyed, because its state is unknown.
   */
  get answerMs(): number {
    return this.#part(240) + this.#distanceMs;
  }

  /**
   * The time that a statement may take that no call waits for, although calls wait for the lanes it holds, ms. A longer
   * one is made smaller.
   */
  get debitMs(): number {
    return this.#part(15) + this.#roundTrip.ms;
  }

  /** Time limit for reading usage, a refund or a reset, ms, including opening a connection. */
  get lookMs(): number {
    return DEFAULT_LOOK_MS + LOOK_ROUND_TRIPS * this.#roundTrip.ms;
  }

  get #distanceMs(): number {
    return 2 * this.#roundTrip.ms;
  }

  #part(share: number): number {
    return Math.max(1, Math.round((this.#callMs * share) / DEFAULT_BUDGET_MS));
  }
}
