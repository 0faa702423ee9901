/** Overrides that multiply each API's own default limits. The rule is SQL too: `rollgate.limit_under`. */
import { z } from 'zod';
import { FACTOR_STEP, MAX_FACTOR, MAX_UNITS } from './units.js';

const STEPS_PER_ONE = 1_000;

/** A factor above 0, at most `MAX_FACTOR`, with three decimals or fewer. */
export const factorSchema = z
  .number()
  .min(FACTOR_STEP)
  .max(MAX_FACTOR)
  .refine((factor) => Math.abs(factor * STEPS_PER_ONE - Math.round(factor * STEPS_PER_ONE)) < 1e-6, {
    message: 'must have at most three decimals',
  });

/**
 * A default limit times a factor, rounded up to a whole unit and never above the largest limit. Rounding up keeps two
 * promises: a factor of 1 or more never lowers a limit, and no factor turns a limit into 0, which would block.
 */
export function multipliedLimit(byDefault: number, factor: number): number {
  // Both numbers are whole, and their product is below 2^53: nothing is lost to floating point.
  const steps = byDefault * Math.round(factor * STEPS_PER_ONE);
  return Math.min(Math.ceil(steps / STEPS_PER_ONE), MAX_UNITS);
}
