import { z } from 'zod';
import {
  FACTOR_OR_LIMITS,
  factor,
  isFactorOrLimits,
  lowered,
  scopeFields,
  time,
  units,
  warning,
} from '../shared/schemas.js';

/** As of a new override; without limits it tells what is in force. */
export const previewQuestion = z
  .strictObject({
    ...scopeFields,
    /** null: the default; left out: as it is in force. */
    perMinute: units.nullish(),
    perHour: units.nullish(),
    factor: factor.nullish(),
    startsAt: time.optional(),
    /** null: permanent. */
    expiresAt: time.nullish(),
  })
  .refine(isFactorOrLimits, FACTOR_OR_LIMITS);

const both = { perMinute: z.int(), perHour: z.int() };

export const previewAnswer = z.object({
  /** Of the API, or the least in the scope. */
  default: z.object(both),
  /** Of this scope now; null where it holds several APIs. */
  inForce: z.object({ ...both, source: z.string(), mode: z.enum(['enforced', 'shadow']) }).nullable(),
  /** What the override would set, with what was left out filled in; null: the default. */
  sets: z.object({
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    factor: z.number().nullable(),
  }),
  /** Every API in the scope, at the override's start. */
  effects: z.array(
    z.object({
      api: z.string(),
      title: z.string(),
      default: z.object(both),
      /** `source`: `default`, or the id of the override that sets these limits. */
      before: z.object({ ...both, source: z.string() }),
      after: z.object(both),
      /** The override would set the limits of this API: no more specific one does. */
      governs: z.boolean(),
    }),
  ),
  /** What would fall while it lasts: saving it needs `allowLowering`. */
  lowered: z.array(lowered),
  warnings: z.array(warning),
  /** What the caller may grant at once; null: without bound. */
  ceiling: z.object({
    mayWrite: z.boolean(),
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    /** Largest factor. */
    times: z.int().nullable(),
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
