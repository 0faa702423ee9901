/** A limit event that still counts calls and becomes a row of `rollgate.limit_event`. */
import type { ApiEntry, DecisionMode, LimitSource, Limits, Window } from '@rollgate/contract';
import { laneOfKey, parseSubjectKey } from '../subject/subject-key.js';
import { nextId } from './decision-id.js';

/**
 * How far an event has been merged, from calls of one second to all calls of an API. Each degree includes the previous
 * ones.
 */
export const MERGED = { not: 0, subjectMinute: 1, accountMinute: 2, account: 3, api: 4 } as const;
export type Merged = (typeof MERGED)[keyof typeof MERGED];

/** Represents all subjects or accounts of a merged event. It is never the key of a subject. */
const ALL = '*';

const MAX_ROUTE = 256;
const MAX_REQUEST_ID = 128;

/** A call as its limit event counts it. */
export interface CountedCall {
  readonly entry: ApiEntry;
  readonly key: string;
  readonly limits: Limits;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  readonly cost: number;
  readonly request: {
    readonly level?: readonly string[] | undefined;
    readonly route?: string | undefined;
    readonly requestId?: string | undefined;
  };
}

/** How the call was decided. Times are Unix ms of the database's clock. */
export interface CountedOutcome {
  /** The window that denied the call; `null` if it was granted. */
  readonly window: Window | null;
  /** Units used in that window. */
  readonly used: number;
  readonly nowMs: number;
  readonly retryMs: number | null;
  readonly policyVersion: number;
  /** How long the event counts similar calls, in ms: 1,000 (by default) or 60,000. */
  readonly spanMs?: number;
}

export interface LimitEvent extends Omit<CountedCall, 'request'>, Omit<CountedOutcome, 'nowMs'> {
  readonly id: string;
  readonly lane: number;
  readonly level: readonly string[];
  readonly firstMs: number;
  readonly route: string | null;
  readonly requestId: string | null;
  lastMs: number;
  count: number;
  units: number;
  merged: Merged;
  /** The event counts calls of the second or minute that ends at `endMs`. 0 means it is closed. */
  readonly spanMs: number;
  endMs: number;
  /** Another event of the subject that may still count calls. */
  next: LimitEvent | undefined;
}

/** Creates an event that has counted no calls. */
export function newEvent(call: CountedCall, outcome: CountedOutcome): LimitEvent {
  const { entry, key, limits, source, mode, cost, request } = call;
  const { window, used, nowMs, retryMs, policyVersion, spanMs = 1000 } = outcome;
  return {
    id: nextId(),
    entry,
    key,
    lane: laneOfKey(key),
    limits,
    source,
    mode,
    cost,
    window,
    used,
    retryMs,
    policyVersion,
    level: request.level ?? entry.level,
    firstMs: nowMs,
    route: storable(request.route, MAX_ROUTE),
    requestId: storable(request.requestId, MAX_REQUEST_ID),
    lastMs: nowMs,
    count: 0,
    units: 0,
    merged: spanMs === 1000 ? MERGED.not : MERGED.subjectMinute,
    spanMs,
    endMs: (Math.floor(nowMs / spanMs) + 1) * spanMs,
    next: undefined,
  };
}

/** Whether the event counts calls like this one, within the event's time. */
export function isOf(event: LimitEvent, call: CountedCall, window: Window | null): boolean {
  return (
    event.window === window &&
    event.cost === call.cost &&
    event.entry === call.entry &&
    event.source === call.source &&
    event.mode === call.mode &&
    event.limits.perMinute === call.limits.perMinute &&
    event.limits.perHour === call.limits.perHour
  );
}

/** Events with the same key may be merged to that degree. */
export function mergeKey({ key, entry, window, mode, firstMs }: LimitEvent, degree: Merged): string {
  const kind = `${degree} ${entry.id} ${window} ${mode}`;
  const account = key.slice(0, key.indexOf('/'));
  const minute = Math.floor(firstMs / 60_000);
  switch (degree) {
    case MERGED.api:
      return kind;
    case MERGED.account:
      return `${kind} ${account}`;
    case MERGED.accountMinute:
      return `${kind} ${minute} ${account}`;
    default:
      return `${kind} ${minute} ${key}`;
  }
}

/** Converts an event to a row for `rollgate.write_events`. */
export function rowOf(event: LimitEvent, instance: string): Record<string, unknown> {
  const { account } = parseSubjectKey(event.key);
  const { entry, level, merged, limits } = event;
  const one = merged <= MERGED.subjectMinute;
  return {
    id: event.id,
    kind: event.window === null ? 'granted_sample' : 'denied',
    account: merged === MERGED.api ? ALL : account,
    api: entry.id,
    group_id: entry.group,
    level,
    subject: one ? event.key : ALL,
    lane: merged === MERGED.api ? null : event.lane,
    window_name: event.window,
    per_minute: limits.perMinute,
    per_hour: limits.perHour,
    used: event.used,
    cost: event.cost,
    source: event.source,
    policy_version: event.policyVersion,
    mode: event.mode,
    first_ms: Math.floor(event.firstMs),
    last_ms: Math.floor(Math.max(event.firstMs, event.lastMs)),
    count: event.count,
    units: event.units,
    instance,
    route: event.route,
    request_id: event.requestId,
    retry_ms: event.retryMs === null ? null : Math.floor(event.retryMs),
    merged: merged === MERGED.not ? 'second' : merged <= MERGED.accountMinute ? 'minute' : 'longer',
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** Makes text storable in any database, so that one bad call can't prevent other events from being written. */
function storable(value: unknown, maxLength: number): string | null {
  if (typeof value !== 'string' || value === '') return null;
  return value.slice(0, maxLength).toWellFormed().replace(CONTROL, '\u{fffd}');
}
