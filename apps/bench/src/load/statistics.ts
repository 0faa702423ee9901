/** Medians, percentiles and spreads. Pure. */

/** What a number was in each round: its median and how far the rounds lay apart. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order of the rounds. */
  readonly rounds: readonly number[];
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Nearest rank: the least value that `percent` of all values are at or below. `sorted` is ascending. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) throw new RangeError('no percentile of nothing');
  // 99.9 / 100 * 1000 is 999.0000000000001 in floating point, which would be the rank after.
  const rank = Math.ceil(Number(((percent / 100) * sorted.length).toFixed(6)));
  return sorted[Math.max(0, rank - 1)] as number;
}

/** To six digits: no measurement has more. */
export function summarise(rounds: readonly number[]): Summary {
  const six = (value: number): number => Number(value.toPrecision(6));
  return {
    median: six(median(rounds)),
    min: six(Math.min(...rounds)),
    max: six(Math.max(...rounds)),
    rounds: rounds.map(six),
  };
}

/** Round by round, so that what slowed a whole round (another process, the disk) cancels out. */
export function ratio(over: readonly number[], under: readonly number[]): Summary {
  const pairs = Math.min(over.length, under.length);
  return summarise(Array.from({ length: pairs }, (_, i) => (over[i] as number) / (under[i] as number)));
}
