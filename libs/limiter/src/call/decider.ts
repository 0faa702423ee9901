/**
 * Builds a caller's decision from a row of the store or from a remembered denial, and counts denials in their limit
 * events.
 */
import { type Decision, type Limits, WINDOW_SECONDS, type Window, type WindowState } from '@rollgate/contract';
import { nextId } from '../events/decision-id.js';
import { isOf, type LimitEvent } from '../events/limit-event.js';
import type { Recorder } from '../events/recorder.js';
import type { OutageAnswer } from '../outage/outage.js';
import { QUARANTINE_LASTS_MS } from '../outage/quarantine.js';
import type { CallAnswer } from '../store/batcher.js';
import { BrokenAnswerError } from '../store/broken-answers.js';
import type { AcquireRow } from '../store/store.js';
import type { Denial } from './denial-memory.js';
import type { ResolvedCall } from './resolved-call.js';

const MIN_RESET_MS = 1;

/** What the store, the memory or this instance's own counts say about one call. */
interface WindowCounts {
  readonly granted: boolean;
  readonly nowMs: number;
  readonly minuteUsed: number;
  readonly hourUsed: number;
  readonly minuteResetMs: number | null;
  readonly hourResetMs: number | null;
  readonly retryMs: number | null;
  /** The remembered denial that the decision comes from. */
  readonly denial: Denial | undefined;
}

export class Decider {
  readonly #recorder: Recorder | undefined;
  readonly #policy: { readonly version: number };

  constructor({ recorder, policy }: { recorder: Recorder | undefined; policy: { readonly version: number } }) {
    this.#recorder = recorder;
    this.#policy = policy;
  }

  /**
   * Builds the decision of one call. @throws BrokenAnswerError when the answer contradicts its own counts or the limits
   */
  decide(call: ResolvedCall, { nowMs, row, position }: CallAnswer): Decision {
    const granted = position < row.granted;
    const spent = call.cost * Math.min(position + 1, row.granted);
    const minuteUsed = row.minuteUsed + spent;
    const hourUsed = row.hourUsed + spent;
    if (granted && !(minuteUsed <= call.limits.perMinute && hourUsed <= call.limits.perHour))
      throw new BrokenAnswerError(`a call of ${call.entry.id} was granted above its limit`);
    const decision = this.#decision(call, {
      granted,
      nowMs,
      minuteUsed,
      hourUsed,
      minuteResetMs: toMs(row.minuteResetAt),
      hourResetMs: toMs(row.hourResetAt),
      retryMs: granted ? nowMs : (toMs(row.retryAt) ?? afterQuarantine(call, nowMs)),
      denial: undefined,
    });
    if (granted && this.#recorder?.samples(decision.api)) this.#sample(call, decision);
    return decision;
  }

  /**
   * Builds a decision from this instance's own counts and share of the limit, while the database does not answer. Every
   * such decision is recorded.
   */
  decideInOutage(call: ResolvedCall, { limits, answer, retryMs }: OutageAnswer): Decision {
    const row = answer.rows[0] as AcquireRow;
    const granted = row.granted > 0 || call.mode === 'shadow';
    const mode = granted ? 'fallback_allowed' : 'fallback_denied';
    const local: ResolvedCall = { ...call, limits, mode };
    const spent = call.cost * row.granted;
    const decision = this.#decision(local, {
      granted,
      nowMs: answer.nowMs,
      minuteUsed: row.minuteUsed + spent,
      hourUsed: row.hourUsed + spent,
      minuteResetMs: toMs(row.minuteResetAt),
      hourResetMs: toMs(row.hourResetAt),
      retryMs: granted ? answer.nowMs : (toMs(row.retryAt) ?? retryMs),
      denial: undefined,
    });
    if (granted) this.#sample(local, decision);
    return decision;
  }

  /**
   * Repeats a denial, `ageMs` later, with its original window counts. The instance can't know which units have left a
   * window since then, but it knows that it allowed nothing, so the counts are not too low. A window older than its own
   * length is empty.
   */
  decideFromMemory(call: ResolvedCall, { denial, ageMs }: { denial: Denial; ageMs: number }): Decision {
    // Keep the minute if only its units deny the call: after the database's clock steps back, the minute is remembered
    // for longer.
    const minuteIsOver =
      ageMs >= (WINDOW_SECONDS.minute + 1) * 1000 &&
      (denial.hourUsed + call.cost > call.limits.perHour || call.cost > call.limits.perMinute);
    // Copied field by field: an object spread here took two fifths of the time of a denial.
    return this.#decision(call, {
      granted: false,
      nowMs: denial.nowMs + ageMs,
      minuteUsed: minuteIsOver ? 0 : denial.minuteUsed,
      hourUsed: denial.hourUsed,
      minuteResetMs: minuteIsOver ? null : denial.minuteResetMs,
      hourResetMs: denial.hourResetMs,
      retryMs: denial.retryMs,
      denial,
    });
  }

  #decision(call: ResolvedCall, counts: WindowCounts): Decision {
    const { cost, limits, entry } = call;
    const { granted, nowMs, retryMs } = counts;
    const minute = windowState(limits.perMinute, counts.minuteUsed, counts.minuteResetMs, nowMs);
    const hour = windowState(limits.perHour, counts.hourUsed, counts.hourResetMs, nowMs);
    const violated = granted ? NONE : violatedWindows(cost, { minute, hour });
    const deniedBy = violated.at(-1) ?? null; // the hour if both are violated
    // A denial must name the window that caused it. An answer without a cause is not a decision.
    if (!granted && deniedBy === null)
      throw new BrokenAnswerError(`a call of ${entry.id} was denied that both its windows have room for`);
    if (retryMs === null && fits(cost, limits))
      throw new BrokenAnswerError(`a call of ${entry.id} was denied without a time at which it fits`);
    return {
      id: deniedBy === null ? nextId() : this.#denialId(call, counts, deniedBy),
      allowed: granted || call.mode === 'shadow',
      account: call.account,
      api: entry.id,
      group: entry.group,
      subject: call.key,
      cost,
      windows: { minute, hour },
      violated,
      deniedBy,
      retryAfterMs: retryMs === null ? null : Math.max(0, retryMs - nowMs),
      source: call.source,
      mode: call.mode,
      decidedAtMs: nowMs,
    };
  }

  /**
   * Counts the denial and returns its ID. A remembered denial has its event at hand, so counting it costs one
   * comparison.
   */
  #denialId(call: ResolvedCall, counts: WindowCounts, window: Window): string {
    const recorder = this.#recorder;
    if (recorder === undefined) return nextId();
    const { denial, nowMs } = counts;
    let event = denial?.event;
    if (event === undefined || nowMs >= event.endMs || !isOf(event, call, window)) {
      event = recorder.eventOf(call, {
        window,
        used: window === 'hour' ? counts.hourUsed : counts.minuteUsed,
        nowMs,
        retryMs: counts.retryMs,
        policyVersion: this.#policy.version,
        // A blocked caller that keeps calling is recorded immediately, and then once a minute.
        ...(denial?.retryMs === null ? { spanMs: 60_000 } : {}),
      });
      if (denial !== undefined) denial.event = event;
    }
    return `${event.id}.${count(event, call.cost, nowMs).toString(36)}`;
  }

  #sample(call: ResolvedCall, { windows, decidedAtMs: nowMs }: Decision): void {
    const outcome = {
      window: null,
      used: windows.minute.used,
      nowMs,
      retryMs: null,
      policyVersion: this.#policy.version,
    };
    const event = this.#recorder?.eventOf(call, outcome);
    if (event) count(event, call.cost, nowMs);
  }
}

/** Counts the call and returns its number within the event, from 1. */
function count(event: LimitEvent, cost: number, nowMs: number): number {
  event.units += cost;
  event.lastMs = nowMs;
  event.count += 1;
  return event.count;
}

/**
 * When a cost above the halved limits of a quarantine may be allowed; `null` if it is above the full limits, or if
 * there is no quarantine.
 */
function afterQuarantine({ cost, fullLimits }: ResolvedCall, nowMs: number): number | null {
  return fullLimits !== undefined && fits(cost, fullLimits) ? nowMs + QUARANTINE_LASTS_MS : null;
}

function fits(cost: number, { perMinute, perHour }: Limits): boolean {
  return cost <= perMinute && cost <= perHour;
}

function toMs(second: number | null): number | null {
  return second === null ? null : second * 1000;
}

const NONE: readonly Window[] = Object.freeze([]);
const MINUTE: readonly Window[] = Object.freeze(['minute']);
const HOUR: readonly Window[] = Object.freeze(['hour']);
const BOTH: readonly Window[] = Object.freeze(['minute', 'hour']);

function violatedWindows(cost: number, windows: Record<Window, WindowState>): readonly Window[] {
  const full = ({ used, limit }: WindowState): boolean => used + cost > limit;
  if (full(windows.minute)) return full(windows.hour) ? BOTH : MINUTE;
  return full(windows.hour) ? HOUR : NONE;
}

function windowState(limit: number, used: number, resetMs: number | null, nowMs: number): WindowState {
  return {
    limit,
    used,
    remaining: Math.max(0, limit - used),
    // A remembered count may have started to shrink; the next unit leaves within a second or at an unknown time.
    resetAfterMs: resetMs === null ? null : Math.max(MIN_RESET_MS, resetMs - nowMs),
  };
}
