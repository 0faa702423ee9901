import { z } from 'zod';
import { time } from '../http/schemas.js';
import { isOneKind, lowered, ONE_KIND, overrideSettings, scopeFields, warning } from '../limiting/limits.schemas.js';

/** The fields of a new override. Without limits, the preview reports the effective limits. */
export const previewQuestion = z
  .strictObject({
    ...scopeFields,
    ...overrideSettings,
    startsAt: time.optional(),
    /** null: permanent. */
    expiresAt: time.nullish(),
  })
  .refine(isOneKind, ONE_KIND);

const both = { perMinute: z.int(), perHour: z.int() };

export const previewAnswer = z.object({
  /** The API's limits, or the lowest in the scope. */
  default: z.object(both),
  /** The scope's current limits; null if it holds several APIs. */
  inForce: z.object({ ...both, source: z.string(), mode: z.enum(['enforced', 'shadow']) }).nullable(),
  /** What the override would set, with omitted values filled in; null: the default. */
  sets: z.object({
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    factor: z.number().nullable(),
    extraMinute: z.int().nullable(),
    extraHour: z.int().nullable(),
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
      /** Whether the override would set the limits of this API. It would not if a more specific override does. */
      governs: z.boolean(),
    }),
  ),
  /** The limits it would lower while it is in force. Saving it then needs `allowLowering`. */
  lowered: z.array(lowered),
  warnings: z.array(warning),
  /** The caller's approval limit; null: unlimited. */
  ceiling: z.object({
    mayWrite: z.boolean(),
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    /** Largest factor. */
    times: z.int().nullable(),
    days: z.int().nullable(),
    /** Roles that may set more. */
    above: z.array(z.string()),
  }),
  lastHour: z.object({
    /** Calls that were denied. */
    denied: z.int(),
    /** How many of them these limits would have allowed. */
    avoided: z.int(),
    /** false: there were too many subjects to check all of them. */
    complete: z.boolean(),
  }),
});
