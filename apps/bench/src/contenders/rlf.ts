/** Code shared by the contenders that use rate-limiter-flexible. */
import type { RateLimiterAbstract } from 'rate-limiter-flexible';

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;

/** Consumes from both windows in parallel. RateLimiterUnion does the same with two more promises per window. */
export async function consumeBoth(
  key: string,
  { minute, hour }: { minute: RateLimiterAbstract; hour: RateLimiterAbstract },
): Promise<boolean> {
  try {
    await Promise.all([minute.consume(key), hour.consume(key)]);
    return true;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    return false;
  }
}
