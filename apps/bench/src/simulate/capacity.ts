/** The capacity of a deployment: the highest rate at which it decides every call within the budget of a call. */
import { type Deployment, type Prediction, simulate } from './simulation.js';

const FIRST_RATE = 1_000;
const MOST_RATE = 4_000_000;
/** The search ends when it knows the rate as precisely as this. */
const PRECISION = 1.03;
/** Calls of one simulation: enough for a percentile, and few enough for a fast one. */
const MOST_CALLS = 100_000;

export interface CapacityOptions {
  readonly deployment: Deployment;
  readonly seed: number;
}

/** Predicts calls that arrive at random at this rate. */
export function atRate(perSecond: number, { deployment, seed }: CapacityOptions): Prediction {
  const seconds = Math.min(1, MOST_CALLS / perSecond);
  const load = { perSecond, arrivals: 'random' } as const;
  return simulate({ deployment, load, warmUpSeconds: seconds / 2, seconds, seed });
}

/** Decisions per second. */
export function capacityOf(options: CapacityOptions): number {
  let low = 0;
  let high = FIRST_RATE;
  while (high <= MOST_RATE && keepsUp(high, options)) {
    low = high;
    high *= 2;
  }
  while (high > low * PRECISION && high - low > 1) {
    const middle = low === 0 ? high / 2 : Math.sqrt(low * high);
    if (keepsUp(middle, options)) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether a deployment that is not able to decide so many calls would show it: waiting calls pile up during the measurement. */
function keepsUp(perSecond: number, options: CapacityOptions): boolean {
  const { overBudget, perSecond: decided } = atRate(perSecond, options);
  return overBudget === 0 && decided > 0.95 * perSecond;
}
