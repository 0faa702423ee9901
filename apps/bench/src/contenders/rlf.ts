/** What the two contenders of rate-limiter-flexible share. */
import type { RateLimiterAbstract } from 'rate-limiter-flexible';

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;

/** Both windows at once. RateLimiterUnion does the same, with two more promises for each window. */
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
