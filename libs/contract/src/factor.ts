/** Overrides that multiply the default limits of each API. SQL has the same rule: `rollgate.limit_under`. */
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
  })
  // What arithmetic left behind the third decimal is gone: SQL compares exactly.
  .overwrite((factor) => Math.round(factor * STEPS_PER_ONE) / STEPS_PER_ONE);

/**
 * A default limit times a factor, in units, rounded up to a whole unit and never above `MAX_UNITS`. Rounding up has two purposes: a
 * factor of 1 or more never lowers a limit, and no factor turns a limit into 0, which would block all calls.
 */
export function multipliedLimit(byDefault: number, factor: number): number {
  // Both numbers are integers and their product is below 2^53, so floating-point arithmetic is exact.
  const steps = byDefault * Math.round(factor * STEPS_PER_ONE);
  return Math.min(Math.ceil(steps / STEPS_PER_ONE), MAX_UNITS);
}
