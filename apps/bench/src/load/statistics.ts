/** Medians, percentiles and spreads. All functions are pure. */

/** A number measured in each round: its median, minimum and maximum. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The values in the order of the rounds. */
  readonly rounds: readonly number[];
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('an empty list has no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Nearest-rank percentile: the smallest value such that at least `percent` percent of all values are at or below it. `sorted`
 * is ascending.
 * @throws RangeError for an empty list
 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) throw new RangeError('an empty list has no percentile');
  // In floating point 99.9 / 100 * 1000 is 999.0000000000001, which would round up to the next rank.
  const rank = Math.ceil(Number(((percent / 100) * sorted.length).toFixed(6)));
  return sorted[Math.max(0, rank - 1)] as number;
}

/** Summarizes the rounds, rounded to six significant digits; no measurement is more exact. */
export function summarise(rounds: readonly number[]): Summary {
  const six = (value: number): number => Number(value.toPrecision(6));
  return {
    median: six(median(rounds)),
    min: six(Math.min(...rounds)),
    max: six(Math.max(...rounds)),
    rounds: rounds.map(six),
  };
}

/**
 * The ratio of two measurements, taken within each round, so that anything that slows a whole round (another process, the disk)
 * cancels out.
 */
export function ratio(over: readonly number[], under: readonly number[]): Summary {
  const pairs = Math.min(over.length, under.length);
  return summarise(Array.from({ length: pairs }, (_, i) => (over[i] as number) / (under[i] as number)));
}
