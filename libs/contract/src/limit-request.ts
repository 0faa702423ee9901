/** Limit requests: what a customer sends to request a custom limit, and what the API returns. */
import { z } from 'zod';
import { factorSchema } from './factor.js';
import { momentSchema } from './moment.js';
import { MAX_DIMENSION_BYTES, MAX_UNITS } from './units.js';

/** Longest reason of a limit request, in characters. */
const MAX_REASON_LENGTH = 2_000;

const units = z.int().min(0).max(MAX_UNITS);
const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(most)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text');

/**
 * A limit request: for one API, for a group, or with neither for all APIs of the account; with `dimensions`, for one subject of the
 * API. `denial` is the token from the support link of a denied call; the scope of the denied call is then filled in.
 */
export const limitRequestSchema = z
  .strictObject({
    denial: z.string().min(1).max(4_096).optional(),
    api: text(64).optional(),
    group: text(64).optional(),
    dimensions: z.record(z.string().max(32), text(MAX_DIMENSION_BYTES)).optional(),
    /** Units allowed in any rolling 60 s. */
    perMinute: units.optional(),
    /** Units allowed in any rolling 3,600 s. */
    perHour: units.optional(),
    /** Multiplies the default limits of each API. Given instead of limits, e.g. for a group or a whole account. */
    factor: factorSchema.optional(),
    /** When the custom limit is to end, ISO 8601 with an offset; omitted: it has no end. */
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

/** A limit request as its customer sees it. Times are ISO 8601; limits are in units, `null` when not requested. */
export interface LimitRequest {
  readonly id: string;
  readonly account: string;
  readonly api: string | null;
  readonly group: string | null;
  readonly dimensions: Readonly<Record<string, string>> | null;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  /** Multiplies the default limits of each API; `null` when limits were requested. */
  readonly factor: number | null;
  readonly until: string | null;
  readonly reason: string;
  readonly askedAt: string;
  readonly state: 'open' | 'approved' | 'declined';
  readonly decidedAt: string | null;
  readonly answer: string | null;
  /** The custom limit that staff approved; `null` while the request is open or when it was declined. */
  readonly granted: {
    readonly perMinute: number | null;
    readonly perHour: number | null;
    readonly factor: number | null;
    readonly until: string | null;
  } | null;
}
