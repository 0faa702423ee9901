/**
 * How long a round trip to the database takes: the shortest one of the last few, because a long one may have waited for
 * something else.
 */

const SAMPLES = 8;
/** More is not distance but trouble: with it, no call waits longer than its budget and 500 ms. */
export const MOST_ROUND_TRIP_MS = 250;
/** Less is the work of the statement, not distance. */
const LEAST_ROUND_TRIP_MS = 4;

export class RoundTrip {
  readonly #samples: number[] = [];
  #ms = 0;

  /** 0 to 250 ms. */
  get ms(): number {
    return this.#ms;
  }

  /** One statement, from here and back. */
  note(ms: number): void {
    this.#samples.push(ms);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const shortest = Math.min(...this.#samples);
    this.#ms = shortest < LEAST_ROUND_TRIP_MS ? 0 : Math.min(shortest, MOST_ROUND_TRIP_MS);
  }
}
