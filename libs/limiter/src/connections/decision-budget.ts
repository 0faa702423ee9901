/** The time budget of a call, and the part that each step may use. */
import type { RoundTrip } from './round-trip.js';

export const DEFAULT_BUDGET_MS = 150;
/** Reading the usage of one account takes a few milliseconds. */
export const DEFAULT_LOOK_MS = 2_000;
/** Round trips to sign in and to read twice. */
const LOOK_ROUND_TRIPS = 8;

/**
 * The parts of a 150 ms budget are 40 ms for a connection, 40 ms for the lane locks, 80 ms for the statement in the
 * server, and 120 ms for its answer; other budgets are divided in proportion. Steps that the limiter times itself get
 * two round trips to the database on top, because a call that arrives just after a batch has left waits for that batch
 * and for its own. A distant database is therefore not treated as a slow one.
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
    this.lockMs = this.#part(40);
    this.statementMs = this.#part(80);
  }

  /** Time from a call's start to its decision, ms. */
  get callMs(): number {
    return this.#callMs + this.#distanceMs;
  }

  /** Time limit for getting a connection, ms. */
  get connectMs(): number {
    return this.#part(40) + this.#distanceMs;
  }

  /**
   * Time limit for the statement, ms, enforced here. After it the connection is destroyed, because its state is
   * unknown.
   */
  get answerMs(): number {
    return this.#part(120) + this.#distanceMs;
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
