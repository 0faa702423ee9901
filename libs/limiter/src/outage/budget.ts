/** How long a call may take in all, and what of it each step may use. */
import type { RoundTrip } from './round-trip.js';

export const DEFAULT_BUDGET_MS = 150;
/** A look at one account takes some milliseconds. */
export const DEFAULT_LOOK_MS = 2_000;
/** To sign in, and to look twice. */
const LOOK_ROUND_TRIPS = 8;

/**
 * The parts of 150 ms are 40 for a connection, 40 for the lanes' locks, 80 for the statement in the server, and 120 for
 * its answer; of another budget in proportion. What the limiter waits for itself is longer by two round trips to the
 * database: a call may come just after a batch has left, and then waits for that batch and for its own. So a database that
 * is far away is not taken for one that is slow.
 */
export class DecisionBudget {
  /** For the lanes' locks, kept by the server. */
  readonly lockMs: number;
  /** Of the statement, kept by the server. */
  readonly statementMs: number;
  readonly #callMs: number;
  readonly #roundTrip: RoundTrip;

  /** @throws RangeError under 10 ms */
  constructor(callMs: number, roundTrip: RoundTrip) {
    if (!(callMs >= 10 && callMs <= 60_000)) throw new RangeError('budgetMs: must be from 10 to 60,000');
    this.#callMs = callMs;
    this.#roundTrip = roundTrip;
    this.lockMs = this.#part(40);
    this.statementMs = this.#part(80);
  }

  /** From the call's entry to its decision. */
  get callMs(): number {
    return this.#callMs + this.#distanceMs;
  }

  /** For a connection. */
  get connectMs(): number {
    return this.#part(40) + this.#distanceMs;
  }

  /** Of the statement, kept here: after it the connection is destroyed, because its state is unknown. */
  get answerMs(): number {
    return this.#part(120) + this.#distanceMs;
  }

  /** For a look, a refund or a reset, with the connection that it may have to open. */
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
