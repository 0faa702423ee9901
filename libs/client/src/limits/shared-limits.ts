/**
 * The limits that a set of calls shares: their windows by name and partition key, which of them each route meets, and
 * pauses that the API requires.
 */
import type { LimitReport, WindowReport } from '../headers/limit-report.js';
import type { Attempt, AttemptEnd } from './attempt.js';
import { Window } from './window.js';

/** Before the first response nothing is known. One call asks, and the others wait for its response at most this long. */
const FIRST_CALL_MS = 10_000;
const MAX_ROUTES = 1_000;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 60_000;
const MAX_JITTER_MS = 5_000;
const MIN_JITTER_MS = 250;

/** When a call may be sent. `Infinity`: not before a response arrives. */
export interface Ready {
  readonly atMs: number;
  /** Whether a response can't make it sooner. */
  readonly isFirm: boolean;
}

export interface SharedLimitsOptions {
  readonly random: () => number;
  readonly slackMs: number;
  /** Spread calls evenly. */
  readonly spread: boolean;
}

export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #windows = new Map<string, Window>();
  readonly #routes = new Map<string, readonly Window[]>();
  #isKnown = false;
  #firstSentMs: number | null = null;
  #inFlight = 0;
  /** Calls that may be in flight at once. Only denials lower it: limits that the headers do not tell are found this way. */
  #slots = Number.POSITIVE_INFINITY;
  #denialsInRow = 0;
  #pausedUntilMs = 0;

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get windows(): Iterable<Window> {
    return this.#windows.values();
  }

  /** The windows of a route. One that was never called meets all that are known. */
  windowsOf(route: string): readonly Window[] {
    return this.#routes.get(route) ?? [...this.#windows.values()];
  }

  readyFor(route: string, cost: number, nowMs: number): Ready {
    const windows = this.windowsOf(route);
    if (!this.#isKnown && this.#inFlight > 0)
      return { atMs: (this.#firstSentMs ?? nowMs) + FIRST_CALL_MS, isFirm: false };
    if (this.#inFlight >= this.#slots) return { atMs: Number.POSITIVE_INFINITY, isFirm: false };
    const fitting = windows.filter((window) => window.canFit(cost));
    const even = this.#options.spread ? (shortestOf(fitting, nowMs)?.evenFromMs ?? nowMs) : nowMs;
    const times = fitting.map((window) => window.readyAt(cost, nowMs));
    return { atMs: Math.max(nowMs, this.#pausedUntilMs, even, ...times), isFirm: true };
  }

  begin(attempt: Attempt): void {
    if (this.#inFlight === 0) this.#firstSentMs = attempt.sentMs;
    this.#inFlight += 1;
    for (const window of this.windowsOf(attempt.route)) window.begin(attempt);
  }

  /** Ends an attempt. Returns how long to wait before a denied call is sent again: with jitter, and never too short. */
  end(attempt: Attempt, end: AttemptEnd, { report, nowMs }: { report: LimitReport; nowMs: number }): number {
    const before = this.windowsOf(attempt.route);
    this.#inFlight -= 1;
    const named = end === 'unknown' ? before : this.#remember(attempt.route, report.windows, before);
    // A response without limits, such as one of a proxy, does not tell whether the call was counted.
    const counted = end === 'answered' && report.windows.length === 0 ? 'unknown' : end;
    for (const window of new Set([...before, ...named])) {
      const its = report.windows.find((one) => this.#windows.get(idOf(one)) === window) ?? null;
      window.end(attempt, counted, { report: its, nowMs });
    }
    if (end === 'answered') {
      this.#isKnown = true;
      this.#denialsInRow = 0;
      this.#slots += 1;
    }
    return end === 'denied' ? this.#denied(attempt, report, nowMs) : 0;
  }

  /** All of these calls wait, e.g. because the API is unavailable. */
  pause(waitMs: number, nowMs: number): number {
    const untilMs = nowMs + this.#jittered(waitMs);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    return untilMs - nowMs;
  }

  #denied(attempt: Attempt, { windows, retryAfterMs }: LimitReport, nowMs: number): number {
    this.#isKnown = true;
    this.#denialsInRow += 1;
    this.#slots = Math.max(1, Math.floor(Math.min(this.#slots, this.#inFlight + 1) / 2));
    const violated = windows.filter(({ remaining }) => remaining !== null && remaining < attempt.cost);
    const toldMs = retryAfterMs ?? Math.max(0, ...violated.map(({ resetMs }) => resetMs ?? 0));
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#denialsInRow - 1));
    const paused = (violated.length > 0 ? violated : windows).map((one) => this.#windows.get(idOf(one)));
    const waitMs = Math.max(toldMs, backoffMs);
    if (paused.length === 0) return this.pause(waitMs, nowMs);
    const untilMs = nowMs + this.#jittered(waitMs);
    for (const window of paused) window?.pause(untilMs);
    return untilMs - nowMs;
  }

  /** Notes which windows a route meets, and returns them. A response without any says nothing. */
  #remember(route: string, reports: readonly WindowReport[], before: readonly Window[]): readonly Window[] {
    if (reports.length === 0) return before;
    const windows = reports.map((report) => this.#windowOf(report, before));
    this.#routes.delete(route);
    this.#routes.set(route, windows);
    if (this.#routes.size > MAX_ROUTES) this.#routes.delete(this.#routes.keys().next().value ?? '');
    return windows;
  }

  #windowOf(report: WindowReport, before: readonly Window[]): Window {
    const known = this.#windows.get(idOf(report));
    if (known !== undefined) return known;
    const { name, partition } = report;
    const window = new Window({ name, partition, ...this.#options });
    const changed = before.find((one) => one.name === name && one.partition === partition);
    if (changed !== undefined) window.inherit(changed);
    this.#windows.set(idOf(report), window);
    this.#dropUnused();
    return window;
  }

  /** Windows that no route meets any more, e.g. because their limit has changed. */
  #dropUnused(): void {
    if (this.#windows.size <= MAX_ROUTES) return;
    const used = new Set([...this.#routes.values()].flat());
    for (const [id, window] of this.#windows) if (!used.has(window)) this.#windows.delete(id);
  }

  #jittered(waitMs: number): number {
    return waitMs + this.#options.random() * Math.min(MAX_JITTER_MS, Math.max(MIN_JITTER_MS, waitMs * 0.1));
  }
}

/**
 * The window by which calls are spread. Spreading over a longer one would make a long run of calls slower and gain nothing:
 * the longer window stops them when it is full.
 */
function shortestOf(windows: readonly Window[], nowMs: number): Window | undefined {
  const length = (window: Window): number => window.lengthMs ?? window.resetMs(nowMs) ?? Number.POSITIVE_INFINITY;
  return windows.toSorted((a, b) => length(a) - length(b))[0];
}

/** Two policies of the same name are different ones if their numbers differ. */
function idOf({ name, partition, limit, lengthMs }: WindowReport): string {
  return JSON.stringify([name, partition, limit, lengthMs]);
}
