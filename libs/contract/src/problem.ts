import { z } from 'zod';
import { WINDOWS } from './units.js';

/** `type` of the problem body of a denied call. Source: IANA HTTP Problem Types registry. */
export const QUOTA_EXCEEDED_TYPE = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** The `application/problem+json` body of a denied call (HTTP 429). */
export const rateLimitProblemSchema = z.object({
  type: z.literal(QUOTA_EXCEEDED_TYPE),
  title: z.string(),
  status: z.literal(429),
  /** The sentence callers know. */
  message: z.string(),
  /** Names of the windows that had no room, as in the `RateLimit-Policy` header. */
  'violated-policies': z.array(z.enum(WINDOWS)),
  api: z.string(),
  /** The window to blame: `hour` when the hour is spent, whatever the minute says. */
  window: z.enum(WINDOWS),
  /** Units that window admits. */
  limit: z.int(),
  /** Whole seconds, rounded up; `null` when no wait helps (the API is blocked for this account). */
  retryAfterSeconds: z.int().nullable(),
  denialId: z.string(),
  /** How to ask for a custom limit. */
  support: z.string(),
});
export type RateLimitProblem = z.infer<typeof rateLimitProblemSchema>;
