/**
 * The duration of a round trip to the database: the shortest of the last few, because a long one may have waited for
 * something else.
 */

const SAMPLES = 8;
/**
 * A longer round trip indicates a problem, not distance. With this limit, no call waits longer than its budget plus 500
 * ms.
 */
const MOST_ROUND_TRIP_MS = 250;
/** A shorter round trip is the work of the statement, not distance. */
const LEAST_ROUND_TRIP_MS = 4;

export class RoundTrip {
  readonly #samples: number[] = [];
  #ms = 0;

  /** The round trip in ms, 0 to 250. */
  get ms(): number {
    return this.#ms;
  }

  /** Adds a sample: the duration of one statement, ms. */
  note(ms: number): void {
    this.#samples.push(ms);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const shortest = Math.min(...this.#samples);
    this.#ms = shortest < LEAST_ROUND_TRIP_MS ? 0 : Math.min(shortest, MOST_ROUND_TRIP_MS);
  }
}
