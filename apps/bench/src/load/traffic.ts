/** The subjects of a run and the order in which they are asked for. */
import { seededRandom, uniformSampler, zipfSampler } from './sampling.js';

export const SUBJECTS = 10_000;
export const ACCOUNTS = 1_000;
export const ZIPF_EXPONENT = 1.1;

/** Long enough that a run does not see the same stretch twice within its caches' life, small enough to draw in 50 ms. */
const DRAWN = 1 << 19;

export interface TrafficSpec {
  readonly distribution: 'uniform' | 'zipf';
  /** How many subjects are asked for, 10,000 by default. */
  readonly subjects?: number;
  /** How many are stored: those asked for lie spread over all of them. By default all are asked for. */
  readonly stored?: number;
  /** Nodes of one run draw different sequences. */
  readonly seed?: number;
  readonly fill?: boolean;
}

export interface Traffic {
  /** Every subject asked for, by its rank. */
  readonly accounts: readonly string[];
  readonly subjects: readonly string[];
  /** The rank of the next subject, for ever. With `fill` each subject comes once, before they are drawn. */
  next(): number;
  /** Each subject has been asked for. */
  filled(): boolean;
}

export function accountOf(subject: number): string {
  return `account-${subject % ACCOUNTS}`;
}

export function nameOf(subject: number): string {
  return `bot-${subject}`;
}

export function createTraffic(spec: TrafficSpec): Traffic {
  const { distribution, subjects = SUBJECTS, stored = subjects, seed = 1, fill = false } = spec;
  const random = seededRandom(seed);
  const sample =
    distribution === 'zipf'
      ? zipfSampler({ size: subjects, exponent: ZIPF_EXPONENT }, random)
      : uniformSampler(subjects, random);
  const order = Uint32Array.from({ length: DRAWN }, sample);
  const numbers = Array.from({ length: subjects }, (_, rank) => spread(rank, Math.floor(stored / subjects)));
  let at = 0;
  let toFill = fill ? subjects : 0;
  return {
    accounts: numbers.map(accountOf),
    subjects: numbers.map(nameOf),
    next: () => (toFill > 0 ? --toFill : (order[at++ & (DRAWN - 1)] as number)),
    filled: () => toFill === 0,
  };
}

/** One subject out of each `step`, not always the same one of them: it would be one account's. */
function spread(rank: number, step: number): number {
  return rank * step + ((rank * 7919) % step);
}
