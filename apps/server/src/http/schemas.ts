/** The parts of requests and responses of the admin API. Times are ISO 8601 in UTC; limits are units. */
import { factorSchema, MAX_DIMENSION_BYTES, MAX_UNITS, momentSchema } from '@rollgate/contract';
import { z } from 'zod';

/** Text that Postgres can store and a person can read; NFC, so that two spellings of one name are one name. */
export function text({ most }: { most: number }) {
  return anyText({ most }).min(1, 'must not be empty');
}

/** May be empty. */
export function anyText({ most }: { most: number }) {
  return z
    .string()
    .trim()
    .refine((value) => !value.includes('\0'), 'must not contain NUL')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
    .refine((value) => Buffer.byteLength(value) <= most, `must be at most ${most} bytes`)
    .overwrite((value) => value.normalize('NFC'));
}

export const accountText = text({ most: MAX_DIMENSION_BYTES });
export const idText = text({ most: 128 });
export const reasonText = text({ most: 2_000 });
export const ticketText = text({ most: 128 });
export const units = z.int().min(0).max(MAX_UNITS);
export const time = momentSchema;
export const factor = factorSchema;

/** The caller confirms that limits are lowered. */
export const allowLowering = z.boolean().optional();

/** A limit that a change lowers, or that can never be reached after it. */
export const lowered = z.object({
  api: z.string(),
  window: z.enum(['minute', 'hour']),
  from: z.int(),
  to: z.int(),
  /** `hourBelowMinute`: nothing is lowered, but the minute limit can never be reached. */
  why: z.enum(['lower', 'blocked', 'hourBelowMinute']),
  /** null: at once. */
  at: z.string().nullable(),
  /** The same as a sentence. */
  text: z.string(),
});

/** A warning about a change that was made. */
export const warning = z.object({
  code: z.enum(['unknownAccount']),
  message: z.string(),
  /** Names that may have been meant, the most likely first. */
  near: z.array(z.string()),
});
export type Warning = z.output<typeof warning>;

/** Either a factor or limits. Every form that sets limits uses this rule. */
export const FACTOR_OR_LIMITS = 'name a factor or limits, not both';
export function isFactorOrLimits(set: {
  readonly factor?: number | null | undefined;
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
}): boolean {
  return set.factor == null || (set.perMinute == null && set.perHour == null);
}

export const page = {
  /** The `next` of the previous page. */
  after: z.string().max(2_000).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
};

/** One page. `next`: `after` of the next one; `null`: this is the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

export const dimensions = z.record(z.string().max(32), text({ most: MAX_DIMENSION_BYTES }));

/** What a limit covers, from the least specific: with no further field, the whole account. */
export const scopeFields = {
  account: accountText,
  group: idText.nullish(),
  api: idText.nullish(),
  /** With `api`: only the subject with these values, e.g. `{ "bot": "b-17" }`. */
  dimensions: dimensions.nullish(),
};
