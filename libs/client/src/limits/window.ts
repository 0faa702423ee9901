/**
 * One window of one limit, as this client knows it from the responses and from its own calls.
 *
 * The headers say how many units were left when the API decided some call. Calls that overlap with that one may or may not
 * be included, and units return between responses. The client therefore also keeps its own calls of the window, and
 * what is left is the limit, less its own units, less the units of others.
 *
 * Invariant: as long as only this client uses the limit, a unit is available here only if it is available at the API.
 */
import type { WindowReport } from '../headers/limit-report.js';
import { type Attempt, type AttemptEnd, isInFlight, totalCost } from './attempt.js';

/** Calls are spread over the window and its slack, but not over more slack than this share of the window. */
const SPREAD_SLACK = 0.05;
/** Where others use the limit too, this share of it is left free, so that calls at the same moment do not meet a full window. */
const SHARED_USE = 0.9;
/** The share of the free units that a client may add per window if others use the limit too. */
const GROWTH = 0.25;
const MAX_JITTER_MS = 5_000;
const UNKNOWN_UNIT_MS = 1_000;
/** Stands for a limit that the API does not report. */
const UNKNOWN_LIMIT = 2 ** 31;

/** What one response reported. */
interface Report {
  readonly receivedOrder: number;
  /** Units that others use. */
  readonly othersUnits: number;
  readonly resetAtMs: number | null;
}

export interface WindowOptions {
  readonly name: string;
  readonly partition: string | null;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  /** How much longer than the window the API may count a unit. */
  readonly slackMs: number;
}

export class Window {
  readonly name: string;
  readonly partition: string | null;
  readonly #random: () => number;
  readonly #slackMs: number;
  #limit = UNKNOWN_LIMIT;
  #lengthMs: number | null = null;
  /** Attempts that may be counted in the window, in the order in which they were sent. */
  #own: Attempt[] = [];
  /** Reports that no later one replaces: the API may have decided calls that overlap in any order. */
  #reports: Report[] = [];
  #reportedMs = 0;
  #pausedUntilMs = 0;
  #evenFromMs = 0;

  constructor({ name, partition, random, slackMs }: WindowOptions) {
    this.name = name;
    this.partition = partition;
    this.#random = random;
    this.#slackMs = slackMs;
  }

  get limit(): number | null {
    return this.#limit === UNKNOWN_LIMIT ? null : this.#limit;
  }

  get lengthMs(): number | null {
    return this.#lengthMs;
  }

  /** Units that may be spent now. Below 0 if others have spent what this client reckoned with. */
  availableAt(nowMs: number): number {
    this.#forget(nowMs);
    return this.#limit - totalCost(this.#own) - this.#othersUnits();
  }

  /** Time until units become available by the last report, or `null`. */
  resetMs(nowMs: number): number | null {
    const resetAtMs = this.#resetAtMs();
    return resetAtMs === null ? null : Math.max(0, resetAtMs - nowMs);
  }

  /** A call that costs more than the whole limit never fits. It is sent all the same, so that the API explains it. */
  canFit(cost: number): boolean {
    return cost <= this.#limit;
  }

  /** When `cost` units may be spent. `Infinity`: only a response can tell. */
  readyAt(cost: number, nowMs: number): number {
    if (!this.canFit(cost)) return nowMs;
    return Math.max(this.#pausedUntilMs, this.#availableFrom(cost, nowMs));
  }

  /** When the next call is due if calls are spread evenly. */
  get evenFromMs(): number {
    return this.#evenFromMs;
  }

  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  begin(attempt: Attempt): void {
    this.#own.push(attempt);
    this.#evenFromMs = attempt.sentMs + attempt.cost * this.#spacingMs(attempt.sentMs);
  }

  /** Ends an attempt. If the response does not report this window, `report` is `null`. */
  end(attempt: Attempt, end: AttemptEnd, { report, nowMs }: { report: WindowReport | null; nowMs: number }): void {
    const isCounted = end === 'unknown' || (end === 'answered' && report !== null);
    if (!isCounted) this.#own = this.#own.filter((one) => one !== attempt);
    else if (!this.#own.includes(attempt)) this.#own.push(attempt);
    if (report !== null) this.#learn(report, attempt, nowMs);
  }

  /** Takes over the calls of a window whose limit has changed. */
  inherit(from: Window): void {
    this.#own = [...from.#own];
    this.#evenFromMs = from.#evenFromMs;
  }

  #learn({ limit, lengthMs, remaining, resetMs }: WindowReport, attempt: Attempt, nowMs: number): void {
    this.#limit = limit ?? this.#limit;
    this.#lengthMs = lengthMs ?? this.#lengthMs;
    this.#forget(nowMs);
    if (remaining !== null) {
      const used = Math.max(0, this.#limit - remaining);
      const othersUnits = this.#lengthMs === null ? used : this.#usedByOthers(used, attempt, nowMs);
      this.#reports = this.#reports.filter(({ receivedOrder }) => receivedOrder > attempt.sentOrder);
      const waitMs = resetMs === null ? null : Math.min(resetMs, this.#spanMs() ?? resetMs);
      const resetAtMs = waitMs === null ? null : nowMs + this.#jittered(waitMs, othersUnits);
      this.#reports.push({ receivedOrder: attempt.receivedOrder ?? 0, othersUnits, resetAtMs });
    }
    this.#reportedMs = nowMs;
    const evenFromMs = attempt.sentMs + attempt.cost * this.#spacingMs(nowMs);
    // Without a length the spacing is known only now; with one, a later call may have been sent since.
    this.#evenFromMs = Math.max(this.#evenFromMs, evenFromMs);
  }

  /**
   * Units used that are not this client's. If its own calls can explain all of them, they do. Otherwise only those calls
   * are its own that were certainly counted when the API decided.
   */
  #usedByOthers(used: number, attempt: Attempt, nowMs: number): number {
    const isCertain = (one: Attempt): boolean =>
      one === attempt ||
      (one.receivedOrder !== null &&
        one.receivedOrder < attempt.sentOrder &&
        one.sentMs + (this.#lengthMs ?? 0) > nowMs);
    let certain = totalCost(this.#own.filter(isCertain));
    // The API has given units back before their time: a fixed window has ended, or staff have reset it.
    while (certain > used) {
      const oldest = this.#own.find(isCertain);
      if (oldest === undefined || oldest === attempt) break;
      this.#own = this.#own.filter((one) => one !== oldest);
      certain -= oldest.cost;
    }
    return used <= totalCost(this.#own) ? 0 : used - certain;
  }

  #othersUnits(): number {
    return Math.max(0, ...this.#reports.map(({ othersUnits }) => othersUnits));
  }

  /** The latest, because the units that a report of calls that overlap announces may have been spent by another of them. */
  #resetAtMs(): number | null {
    const times = this.#reports.flatMap(({ resetAtMs }) => (resetAtMs === null ? [] : [resetAtMs]));
    return times.length === 0 ? null : Math.max(...times);
  }

  #availableFrom(cost: number, nowMs: number): number {
    let available = this.availableAt(nowMs);
    if (available >= cost) return nowMs;
    if (this.#own.some(isInFlight) && this.#lengthMs === null) return Number.POSITIVE_INFINITY;
    // After the reset one call asks: it is not known how many units have returned.
    const resetAtMs = this.#resetAtMs() ?? this.#guessedResetMs();
    const asksAtMs = this.#own.some(isInFlight) ? Number.POSITIVE_INFINITY : resetAtMs;
    const spanMs = this.#spanMs() ?? 0;
    for (const one of this.#own) {
      if (one.receivedMs === null) continue;
      available += one.cost;
      if (available >= cost) return Math.min(one.receivedMs + spanMs, Math.max(nowMs, asksAtMs));
    }
    return Math.max(nowMs, asksAtMs);
  }

  /**
   * If the API does not report when units return: for those of this client its own calls tell, and for those of others the
   * time of one unit after the last response is tried.
   */
  #guessedResetMs(): number {
    const isOwn = this.#lengthMs !== null && this.#othersUnits() === 0;
    return isOwn ? Number.POSITIVE_INFINITY : this.#reportedMs + this.#unitMs();
  }

  /** Drops calls whose units have certainly returned. Without a length only calls in flight are kept. */
  #forget(nowMs: number): void {
    const spanMs = this.#spanMs() ?? 0;
    const isOver = ({ receivedMs }: Attempt): boolean => receivedMs !== null && receivedMs + spanMs <= nowMs;
    if (this.#own.some(isOver)) this.#own = this.#own.filter((one) => !isOver(one));
  }

  /** The longest time that a unit may be counted. */
  #spanMs(): number | null {
    return this.#lengthMs === null ? null : this.#lengthMs + this.#slackMs;
  }

  #spreadMs(): number | null {
    return this.#lengthMs === null ? null : this.#lengthMs + Math.min(this.#slackMs, this.#lengthMs * SPREAD_SLACK);
  }

  #unitMs(): number {
    const spreadMs = this.#spreadMs();
    return spreadMs === null || this.#limit === 0 ? UNKNOWN_UNIT_MS : spreadMs / this.#limit;
  }

  /** Time for each unit of a call, if what this client may use is spread over the window. */
  #spacingMs(nowMs: number): number {
    const spreadMs = this.#spreadMs();
    const available = this.availableAt(nowMs);
    if (spreadMs === null) return (this.resetMs(nowMs) ?? 0) / Math.max(1, available);
    const others = this.#othersUnits();
    if (others === 0) return this.#unitMs();
    const own = totalCost(this.#own);
    const share = (SHARED_USE * this.#limit * own) / (own + others);
    return spreadMs / Math.max(1, share, available * GROWTH);
  }

  /** Several clients that wait for the same unit must not ask at the same moment. */
  #jittered(waitMs: number, othersUnits: number): number {
    return othersUnits === 0 ? waitMs : waitMs + this.#random() * Math.min(this.#unitMs(), MAX_JITTER_MS);
  }
}
