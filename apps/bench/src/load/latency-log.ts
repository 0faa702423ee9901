import { percentile } from './statistics.js';

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Stores every latency of a run, 8 bytes each. The buckets of a histogram would round the compared values. */
export class LatencyLog {
  #values = new Float64Array(1 << 16);
  #length = 0;

  add(ms: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = ms;
  }

  /** A copy of all values, in the order in which they were added. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }

  percentiles(): Percentiles {
    return percentilesOf([this.values()]);
  }
}

/** The percentiles of all values of several logs. */
export function percentilesOf(logs: readonly Float64Array[]): Percentiles {
  const all = new Float64Array(logs.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const log of logs) {
    all.set(log, at);
    at += log.length;
  }
  const sorted = all.sort();
  return { p50: percentile(sorted, 50), p99: percentile(sorted, 99), p999: percentile(sorted, 99.9) };
}
