import { Delays } from './dates.js';
import type { HeaderReader, LimitReport } from './limit-report.js';
import { readSeparateFields } from './separate-fields.js';
import { readStructuredFields } from './structured-fields.js';

/**
 * Reads the limits that a response reports. The first of these forms that is there wins: `RateLimit` of the current drafts,
 * `RateLimit-Limit` of older ones, `X-RateLimit-*`. Fields that can't be read count as missing. Never throws.
 */
export function readLimits(headers: HeaderReader, unixMs: () => number = Date.now): LimitReport {
  const delays = new Delays(headers, unixMs);
  const state = headers.get('ratelimit') ?? null;
  const structured = readStructuredFields(state, headers.get('ratelimit-policy') ?? null);
  const hasState = structured.some(({ remaining }) => remaining !== null);
  const separate = hasState ? [] : readSeparateFields(headers, delays);
  return {
    windows: separate.length > 0 ? separate : structured,
    retryAfterMs: delays.retryAfterMs(headers.get('retry-after')),
  };
}
