/**
 * How long the batches of a stripe take to be decided: the second longest of the last five. The longest may have waited
 * for a lane that another session held once, but if several are long, the database is overloaded.
 *
 * Failed batches do not count, because they do not tell how long a decision takes.
 */

const SAMPLES = 5;
const SECOND_LONGEST = 3;

export class BatchTimes {
  readonly #samples: number[] = [];
  #expected = 0;

  /** The time that the next batch will probably take, ms; 0 if nothing is known yet. */
  get expectedMs(): number {
    return this.#expected;
  }

  /** Adds the time of a batch that was decided, ms. */
  note(ms: number): void {
    this.#samples.push(ms);
    if (this.#samples.length < SAMPLES) return;
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#expected = [...this.#samples].sort((a, b) => a - b)[SECOND_LONGEST] as number;
  }
}
