import { z } from 'zod';
import { scopeFields, units } from '../shared/schemas.js';

export const previewQuestion = z.strictObject({
  ...scopeFields,
  /** null: the default. */
  perMinute: units.nullish(),
  perHour: units.nullish(),
});

const both = { perMinute: z.int(), perHour: z.int() };

export const previewAnswer = z.object({
  /** Of the API, or the least in the scope. */
  default: z.object(both),
  /** Of this scope now; null where it holds several APIs. */
  inForce: z.object({ ...both, source: z.string(), mode: z.enum(['enforced', 'shadow']) }).nullable(),
  /** What the caller may grant at once; null: without bound. */
  ceiling: z.object({
    mayWrite: z.boolean(),
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    days: z.int().nullable(),
    /** Roles that may go above. */
    above: z.array(z.string()),
  }),
  lastHour: z.object({
    /** Calls that were denied. */
    denied: z.int(),
    /** How many of them these limits would have admitted. */
    avoided: z.int(),
    /** false: there were too many subjects to look at all of them. */
    complete: z.boolean(),
  }),
});
