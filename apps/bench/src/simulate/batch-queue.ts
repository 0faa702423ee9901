/** The batches of one stripe of an instance, formed by the rules of the limiter's batcher (libs/limiter/src/store/batcher.ts). */

export interface Call {
  /** When the call was due, ms of simulated time. */
  readonly dueAt: number;
  readonly subject: number;
  readonly lane: number;
}

export interface Batch {
  readonly calls: readonly Call[];
  /** Number of different subjects. */
  readonly rows: number;
  /** Ascending, each once. */
  readonly lanes: readonly number[];
}

/** As in the batcher: the smallest number of rows worth a second batch while one is in flight. */
const WORTH_A_BATCH = 64;

export interface BatchRules {
  readonly batchesInFlight: number;
  readonly maxItems: number;
}

export class BatchQueue {
  readonly #rules: BatchRules;
  #calls: Call[] = [];
  #subjects = new Set<number>();
  #later: Call[] = [];
  #inFlight = 0;

  constructor(rules: BatchRules) {
    this.#rules = rules;
  }

  add(call: Call): void {
    if (this.#subjects.size >= this.#rules.maxItems && !this.#subjects.has(call.subject)) {
      this.#later.push(call);
      return;
    }
    this.#subjects.add(call.subject);
    this.#calls.push(call);
  }

  /** The next batch, if it is worth sending now. */
  take(): Batch | undefined {
    const rows = this.#subjects.size;
    const { batchesInFlight, maxItems } = this.#rules;
    const worth = this.#inFlight === 0 ? 1 : Math.min(WORTH_A_BATCH, maxItems);
    if (this.#inFlight >= batchesInFlight || rows < worth) return undefined;
    const calls = this.#calls;
    const later = this.#later;
    this.#calls = [];
    this.#subjects = new Set();
    this.#later = [];
    for (const call of later) this.add(call);
    this.#inFlight++;
    const lanes = [...new Set(calls.map(({ lane }) => lane))].sort((a, b) => a - b);
    return { calls, rows, lanes };
  }

  /** Notes that a batch has been answered. */
  answered(): void {
    this.#inFlight--;
  }
}
