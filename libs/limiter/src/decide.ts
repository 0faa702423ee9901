/** From a row of the store, or a remembered denial, to the decision one caller gets. Pure. */
import { randomBytes } from 'node:crypto';
import {
  type ApiEntry,
  type Decision,
  type DecisionMode,
  type LimitSource,
  type Limits,
  WINDOW_SECONDS,
  WINDOWS,
  type Window,
  type WindowState,
} from '@rollgate/contract';
import type { Answer } from './batcher.js';
import type { Denial } from './denial-memory.js';

/** Unique by 96 random bits of this process and a counter: no random number for each of a million denials a second. */
const process96 = randomBytes(12).toString('base64url');
let decided = 0;
const decisionId = (): string => `${process96}-${(decided++).toString(36)}`;

export interface Asked {
  readonly entry: ApiEntry;
  readonly account: string;
  readonly key: string;
  readonly limits: Limits;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  readonly cost: number;
}

const MIN_RESET_MS = 1;

interface Counted {
  readonly granted: boolean;
  readonly nowMs: number;
  readonly minuteUsed: number;
  readonly hourUsed: number;
  readonly minuteResetMs: number | null;
  readonly hourResetMs: number | null;
  readonly retryMs: number | null;
}

export function decide(asked: Asked, { nowMs, row, position }: Answer): Decision {
  const granted = position < row.granted;
  const spent = asked.cost * Math.min(position + 1, row.granted);
  return decision(asked, {
    granted,
    nowMs,
    minuteUsed: row.minuteUsed + spent,
    hourUsed: row.hourUsed + spent,
    minuteResetMs: toMs(row.minuteResetAt),
    hourResetMs: toMs(row.hourResetAt),
    retryMs: granted ? nowMs : toMs(row.retryAt),
  });
}

function toMs(second: number | null): number | null {
  return second === null ? null : second * 1000;
}

/**
 * The same denial, `ageMs` later. Its window counts are those of the denial: what has left a window since is not known
 * here, only that nothing came. So they are never too low, and a window longer ago than its own length is empty.
 */
export function decideFromMemory(asked: Asked, { denial, ageMs }: { denial: Denial; ageMs: number }): Decision {
  const minuteIsOver = ageMs >= (WINDOW_SECONDS.minute + 1) * 1000;
  // Field by field: a spread here was two fifths of the time of a denial.
  return decision(asked, {
    granted: false,
    nowMs: denial.nowMs + ageMs,
    minuteUsed: minuteIsOver ? 0 : denial.minuteUsed,
    hourUsed: denial.hourUsed,
    minuteResetMs: minuteIsOver ? null : denial.minuteResetMs,
    hourResetMs: denial.hourResetMs,
    retryMs: denial.retryMs,
  });
}

function decision(asked: Asked, counted: Counted): Decision {
  const { cost, limits, entry } = asked;
  const { granted, nowMs, retryMs } = counted;
  const minute = windowState(limits.perMinute, counted.minuteUsed, counted.minuteResetMs, nowMs);
  const hour = windowState(limits.perHour, counted.hourUsed, counted.hourResetMs, nowMs);
  const violated = granted ? NONE : violatedWindows(cost, { minute, hour });
  return {
    id: decisionId(),
    allowed: granted || asked.mode === 'shadow',
    account: asked.account,
    api: entry.id,
    group: entry.group,
    subject: asked.key,
    cost,
    windows: { minute, hour },
    violated,
    deniedBy: violated.at(-1) ?? null, // the hour, where both are
    retryAfterMs: retryMs === null ? null : Math.max(0, retryMs - nowMs),
    source: asked.source,
    mode: asked.mode,
    decidedAtMs: nowMs,
  };
}

const NONE: readonly Window[] = Object.freeze([]);

function violatedWindows(cost: number, windows: Record<Window, WindowState>): readonly Window[] {
  return WINDOWS.filter((window) => windows[window].used + cost > windows[window].limit);
}

function windowState(limit: number, used: number, resetMs: number | null, nowMs: number): WindowState {
  return {
    limit,
    used,
    remaining: Math.max(0, limit - used),
    // A remembered count may have begun to drain: the next unit leaves within a second or is not known.
    resetAfterMs: resetMs === null ? null : Math.max(MIN_RESET_MS, resetMs - nowMs),
  };
}
