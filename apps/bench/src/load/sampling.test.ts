import { describe, expect, it } from '@jest/globals';
import { seededRandom, uniformSampler, zipfSampler } from './sampling.js';

const DRAWS = 200_000;

function frequencies(sample: () => number, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (let i = 0; i < DRAWS; i++) {
    const drawn = sample();
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  return counts.map((count) => count / DRAWS);
}

describe('seededRandom', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('stays in [0, 1)', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 10_000; i++) {
      const value = random();
      expect(value >= 0 && value < 1).toBe(true);
    }
  });
});

it('the uniform sampler draws all subjects equally often', () => {
  for (const share of frequencies(uniformSampler(10, seededRandom(4)), 10)) expect(share).toBeCloseTo(0.1, 2);
});

describe('the Zipf sampler', () => {
  const size = 100;
  const exponent = 1.1;
  const sum = Array.from({ length: size }, (_, rank) => 1 / (rank + 1) ** exponent).reduce((a, b) => a + b);
  const shares = frequencies(zipfSampler({ size, exponent }, seededRandom(5)), size);

  it.each([0, 1, 9, 99])('draws rank %d in proportion to its weight', (rank) => {
    expect(shares[rank]).toBeCloseTo(1 / (rank + 1) ** exponent / sum, 2);
  });

  it('never draws a rank outside its range', () => {
    expect(shares).toHaveLength(size);
    expect(zipfSampler({ size: 3, exponent }, () => 0)()).toBe(0);
    expect(zipfSampler({ size: 3, exponent }, () => 1 - Number.EPSILON)()).toBe(2);
  });
});
