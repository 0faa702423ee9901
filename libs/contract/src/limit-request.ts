/** What a customer sends to ask for a custom limit, and what it reads back. */
import { z } from 'zod';
import { factorSchema } from './factor.js';
import { momentSchema } from './moment.js';
import { MAX_DIMENSION_BYTES, MAX_UNITS } from './units.js';

/** Longest reason, in characters. */
export const MAX_REASON_LENGTH = 2_000;

const units = z.int().min(0).max(MAX_UNITS);
const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(most)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text');

/**
 * A limit request: for one API, a group, or with neither for all of the account; with `dimensions` for one subject of the API.
 * With `denial`, the token of a denied call's support link, what was denied is filled in.
 */
export const limitRequestSchema = z
  .strictObject({
    denial: z.string().min(1).max(4_096).optional(),
    api: text(64).optional(),
    group: text(64).optional(),
    dimensions: z.record(z.string().max(32), text(MAX_DIMENSION_BYTES)).optional(),
    /** Units in any 60 s. */
    perMinute: units.optional(),
    /** Units in any 3,600 s. */
    perHour: units.optional(),
    /** Times each API's own default, in place of limits: what fits a group or the whole account. */
    factor: factorSchema.optional(),
    /** Wanted until then, ISO 8601; for good where it is left out. */
    until: momentSchema.optional(),
    reason: text(MAX_REASON_LENGTH),
  })
  .refine(
    ({ perMinute, perHour, factor }) => perMinute !== undefined || perHour !== undefined || factor !== undefined,
    'perMinute, perHour or factor is needed',
  )
  .refine(
    ({ perMinute, perHour, factor }) => factor === undefined || (perMinute === undefined && perHour === undefined),
    'name a factor or limits, not both',
  );
export type LimitRequestInput = z.output<typeof limitRequestSchema>;

/** A customer's own request. Times are ISO 8601; limits are units, `null`: not asked for. */
export interface LimitRequest {
  readonly id: string;
  readonly account: string;
  readonly api: string | null;
  readonly group: string | null;
  readonly dimensions: Readonly<Record<string, string>> | null;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  /** Times each API's own default; `null`: limits were asked for. */
  readonly factor: number | null;
  readonly until: string | null;
  readonly reason: string;
  readonly askedAt: string;
  readonly state: 'open' | 'approved' | 'declined';
  readonly decidedAt: string | null;
  readonly answer: string | null;
  /** What was granted, once it was. */
  readonly granted: {
    readonly perMinute: number | null;
    readonly perHour: number | null;
    readonly factor: number | null;
    readonly until: string | null;
  } | null;
}
