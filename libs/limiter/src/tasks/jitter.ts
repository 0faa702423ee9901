/**
 * A duration around `ms`, so that instances that were started together, or that lost the database together, do not all
 * act at the same moment. With a `spread` of 0.5 it is between half and one and a half times `ms`.
 */
export function jittered(ms: number, { spread, random = Math.random }: Jitter): number {
  return ms * (1 + spread * (2 * random() - 1));
}

interface Jitter {
  readonly spread: number;
  /** Returns a number from 0 to just below 1, `Math.random` by default. */
  readonly random?: () => number;
}
