/** The subjects of a run and the order of their calls. */
import { seededRandom, uniformSampler, zipfSampler } from './sampling.js';

export const SUBJECTS = 10_000;
export const ACCOUNTS = 1_000;
export const ZIPF_EXPONENT = 1.1;

/**
 * Length of the drawn sequence: long enough that entries have left the caches when it repeats, short enough to draw in 50 ms.
 */
const DRAWN = 1 << 19;

export interface TrafficSpec {
  readonly distribution: 'uniform' | 'zipf';
  /** Number of subjects that get calls. Default: 10,000. */
  readonly subjects?: number;
  /** Number of stored subjects; those that get calls are spread evenly over them. Default: `subjects`. */
  readonly stored?: number;
  /** Instances of one run use different seeds, so their sequences differ. Default: 1. */
  readonly seed?: number;
  /** `true`: each subject gets one call before subjects are drawn. */
  readonly fill?: boolean;
}

export interface Traffic {
  /** The account of each subject that gets calls, by the subject's rank. */
  readonly accounts: readonly string[];
  /** The name of each subject that gets calls, by its rank. */
  readonly subjects: readonly string[];
  /** Returns the rank of the next subject; the sequence never ends. */
  next(): number;
  /** Whether `fill` is complete. */
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

/** Picks one subject of every `step`, at varying positions: a fixed position would pick subjects of few accounts. */
function spread(rank: number, step: number): number {
  return rank * step + ((rank * 7919) % step);
}
