/** Draws the subjects of calls. With the same seed every contender gets the same sequence. */

/** Uniform numbers in [0, 1) by mulberry32, which is small and good enough to draw subjects. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function uniformSampler(size: number, random: () => number): () => number {
  return () => Math.floor(random() * size);
}

/** Rank r (from 0) is drawn with a probability proportional to 1 / (r + 1) ** exponent. */
export function zipfSampler(
  { size, exponent }: { size: number; exponent: number },
  random: () => number,
): () => number {
  const cumulated = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulated[rank] = sum;
  }
  return () => firstAbove(cumulated, random() * sum);
}

function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
