import { z } from 'zod';
import { WINDOWS } from './units.js';

/** The `type` of the problem body of a denied call. Source: IANA HTTP Problem Types registry. */
export const QUOTA_EXCEEDED_TYPE = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** The `application/problem+json` body of a denied call (HTTP 429). */
export const rateLimitProblemSchema = z.object({
  type: z.literal(QUOTA_EXCEEDED_TYPE),
  title: z.string(),
  status: z.literal(429),
  /** The sentence that callers rely on: `DENIED_MESSAGE`, or the message of the API's catalogue entry. */
  message: z.string(),
  /** Names of the windows with too few free units, as in the `RateLimit-Policy` header. */
  'violated-policies': z.array(z.enum(WINDOWS)),
  api: z.string(),
  /** The window that caused the denial: `hour` whenever the hour has too few free units, otherwise `minute`. */
  window: z.enum(WINDOWS),
  /** The limit of that window, in units. */
  limit: z.int(),
  /** Seconds to wait, rounded up; `null` when retrying does not help (the API is blocked for this account). */
  retryAfterSeconds: z.int().nullable(),
  denialId: z.string(),
  /** How to request a custom limit. */
  support: z.string(),
});
export type RateLimitProblem = z.infer<typeof rateLimitProblemSchema>;
