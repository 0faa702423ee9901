/** Converts a subject's used seconds into two windows with their release schedules. Pure function. */
import { type ApiEntry, type SubjectUsage, WINDOW_SECONDS, type Window, type WindowUsage } from '@rollgate/contract';
import type { InForce } from '../policy/policy.js';
import type { UsedSecond } from '../store/store.js';
import { parseSubjectKey } from '../subject/subject-key.js';

export function subjectUsage(
  subject: { entry: ApiEntry; account: string; key: string } & InForce,
  { nowMs, seconds }: { nowMs: number; seconds: readonly UsedSecond[] },
): SubjectUsage {
  const { entry, account, key, limits, source, mode } = subject;
  return {
    account,
    api: entry.id,
    group: entry.group,
    subject: key,
    dimensions: entry.level.includes('account')
      ? { account, ...parseSubjectKey(key).dimensions }
      : parseSubjectKey(key).dimensions,
    windows: {
      minute: windowUsage('minute', { limit: limits.perMinute, nowMs, seconds }),
      hour: windowUsage('hour', { limit: limits.perHour, nowMs, seconds }),
    },
    source,
    mode,
    atMs: nowMs,
  };
}

function windowUsage(
  window: Window,
  { limit, nowMs, seconds }: { limit: number; nowMs: number; seconds: readonly UsedSecond[] },
): WindowUsage {
  const length = WINDOW_SECONDS[window];
  const oldest = Math.floor(nowMs / 1000) - length;
  const inside = seconds.filter(({ second }) => second >= oldest);
  const used = inside.reduce((sum, { units }) => sum + units, 0);
  // A unit counts until its whole second is outside the window, one second later than the window is long.
  const releases = inside.map(({ second, units }) => ({ afterMs: (second + length + 1) * 1000 - nowMs, units }));
  return {
    limit,
    used,
    remaining: Math.max(0, limit - used),
    resetAfterMs: releases[0]?.afterMs ?? null,
    releases,
  };
}
