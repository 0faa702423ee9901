/**
 * The path of a call: validate, look into the denial memory, batch by lane, one statement in the store.
 *
 * Invariants: nothing malformed enters a batch; a denial is a value; only a broken store throws.
 */
import {
  type ApiEntry,
  type Catalogue,
  type Decision,
  LANES,
  MAX_UNITS,
  type SubjectUsage,
  UnknownApiError,
} from '@rollgate/contract';
import { type Answer, Batcher, type Call } from './batcher.js';
import { BrokenAnswers } from './broken-answers.js';
import { type Asked, Decider } from './decide.js';
import { type Denial, DenialMemory } from './denial-memory.js';
import type { Recorder } from './events/recorder.js';
import { DEFAULT_BUDGET_MS, DEFAULT_LOOK_MS } from './outage/budget.js';
import type { Contact } from './outage/contact.js';
import { Deadlines, type Timed } from './outage/deadlines.js';
import { BrokenAnswerError, isBadData, isOutage, TooLateError } from './outage/faults.js';
import { LimiterUnavailableError, type NodeState, type Outage } from './outage/outage.js';
import type { Quarantine } from './outage/quarantine.js';
import { awake, within } from './outage/within.js';
import { OverrideUses } from './policy/override-use.js';
import { type InForce, Policy } from './policy/policy.js';
import { Reports } from './reports.js';
import { type AcquireRequest, InvalidRequestError, type SubjectRef } from './request.js';
import type { LimitRequests } from './requests/limit-requests.js';
import type { Store } from './store.js';
import { accountPrefix, encodeAccount, laneOf, laneOfKey, parseSubjectKey, subjectKey } from './subject.js';
import { subjectUsage } from './usage.js';

export interface LimiterOptions {
  readonly store: Store;
  readonly catalogue: Catalogue;
  /** Groups of lanes whose batches are in flight side by side on this node, 2 by default; 64: each batch holds one lane. */
  readonly stripes?: number;
  /** Of one stripe, one behind the other, 1 by default: the store must decide them in the order in which they are sent. */
  readonly batchesInFlight?: number;
  /** Rows of one batch at most, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Denied subjects this node remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** This node's monotonic clock in ms, for the denial memory. Tests inject one. */
  readonly now?: () => number;
  /** The limits in force; the catalogue's defaults by default. */
  readonly policy?: PolicySource;
  /** Notes which overrides decide calls. */
  readonly uses?: OverrideUses;
  /** Records denials. The limiter closes it. */
  readonly recorder?: Recorder;
  /** Takes customers' requests for custom limits. */
  readonly requests?: LimitRequests;
  /** Stops what runs beside the limiter, before its store is closed. */
  readonly onClose?: () => Promise<void>;
  /** Whether the store was reached; without it the store is taken to be there. */
  readonly contact?: Contact;
  /** Decides while the store does not answer; without it a store's failure is the caller's. */
  readonly outage?: Outage;
  /** From a call's entry to its decision, ms; with `outage` only. */
  readonly budgetMs?: () => number;
  /** What a look, a refund or a reset may take, ms; with `outage` only. */
  readonly lookMs?: () => number;
  readonly reports?: Reports;
}

/** Limits that change while the limiter runs. */
export interface PolicySource {
  readonly policy: Policy;
  /** The clock by which overrides start and expire, Unix ms. */
  now(): number;
  /** Looks now. Resolves to whether that succeeded. */
  refresh(): Promise<boolean>;
  /** Since the policy was last known to be the database's, ms; `undefined`: it never was. */
  ageMs(): number | undefined;
  /** Half limits while counts can't be trusted whole. */
  readonly quarantine?: Quarantine;
}

/** A call under way. */
interface PendingCall extends Call, Timed {
  readonly asked: Asked;
  /** Of the denial memory, when the call was asked. */
  readonly generation: number;
  resolve(decision: Decision): void;
}

export interface UsagePage {
  readonly items: readonly SubjectUsage[];
  readonly next: string | null;
}

/** For what is left to tell when the limiter closes; a database that does not answer must not hold up a shutdown. */
const CLOSE_WITHIN_MS = 2_000;

interface UsageQuery {
  readonly account: string;
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

export class LimiterClosedError extends Error {
  override readonly name = 'LimiterClosedError';
}

export class Limiter {
  readonly catalogue: Catalogue;
  /** undefined: this limiter counts in memory. */
  readonly requests: LimitRequests | undefined;
  /** Where changes of this limiter's state are reported. */
  readonly reports: Reports;
  readonly #store: Store;
  readonly #batcher: Batcher<PendingCall>;
  readonly #denials: DenialMemory;
  readonly #decider: Decider;
  readonly #recorder: Recorder | undefined;
  readonly #now: () => number;
  readonly #policy: Policy;
  readonly #policySource: PolicySource | undefined;
  readonly #uses: OverrideUses;
  readonly #onClose: () => Promise<void>;
  readonly #refunded = new WeakSet<Decision>();
  /** The second in which a decision's units are counted, where it is not that of the decision. */
  readonly #countedIn = new WeakMap<Decision, number>();
  readonly #brokenAnswers: BrokenAnswers;
  readonly #outage: Outage | undefined;
  readonly #contact: Contact | undefined;
  readonly #budgetMs: () => number;
  readonly #lookMs: () => number;
  readonly #deadlines = new Deadlines();
  #closed: Promise<void> | undefined;

  constructor(options: LimiterOptions) {
    this.catalogue = options.catalogue;
    this.requests = options.requests;
    this.#store = options.store;
    this.#now = options.now ?? (() => performance.now());
    this.#policySource = options.policy;
    this.#policy = options.policy?.policy ?? new Policy();
    this.#uses = options.uses ?? new OverrideUses();
    this.#recorder = options.recorder;
    this.#decider = new Decider({ recorder: options.recorder, policy: this.#policy });
    this.#outage = options.outage;
    this.#contact = options.contact;
    this.#budgetMs = options.budgetMs ?? (() => DEFAULT_BUDGET_MS);
    this.#lookMs = options.lookMs ?? (() => DEFAULT_LOOK_MS);
    this.reports = options.reports ?? new Reports();
    this.#brokenAnswers = new BrokenAnswers(this.reports);
    this.#onClose = options.onClose ?? (async () => undefined);
    this.#denials = new DenialMemory({ maxSubjects: options.maxDeniedSubjects ?? 100_000, now: this.#now });
    this.#batcher = new Batcher({
      send: (items) => this.#store.acquire(items),
      settle: (call, answer) => this.#settle(call, answer),
      stripes: Math.min(options.stripes ?? 2, LANES),
      batchesInFlight: options.batchesInFlight ?? 1,
      maxItems: options.maxBatchItems ?? 1000,
    });
  }

  /**
   * Reaches the database once, so that the first call does not wait for a sign-in, and a wrong URL, login or schema is
   * known before any call comes. Resolves when calls are decided by the database. A limiter that is not started this way
   * starts by itself; until it has reached its database it decides nothing.
   *
   * @throws LimiterStartError with one line that says what to do. Attempts go on in the background until `close`.
   */
  async start(): Promise<void> {
    this.#assertOpen();
    if (this.#contact) await awake(this.#contact.start());
  }

  /**
   * Asks for `cost` units in both windows at once, all or nothing.
   *
   * @returns the decision; a denial is one.
   * @throws InvalidRequestError, UnknownApiError (the request is malformed, nothing was counted), LimiterClosedError,
   * LimiterUnavailableError (no decision can be made now), or the store's error.
   */
  acquire(request: AcquireRequest): Promise<Decision> {
    if (this.#contact?.reached === false) return this.#contact.forCall().then(() => this.acquire(request));
    // No async function: each would add a promise to a call that may be answered from memory.
    try {
      const cost = validCost(request.cost === undefined ? 1 : request.cost);
      const subject = this.#subject(request, cost);
      const known = this.#denials.recall(subject);
      if (known) return Promise.resolve(this.#used(subject, this.#decider.decideFromMemory(subject, known)));
      return this.#ask(subject);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #ask(subject: Asked): Promise<Decision> {
    return new Promise((resolve, fail) => {
      const { key, cost, limits } = subject;
      const { perMinute, perHour } = limits;
      const call: PendingCall = {
        asked: subject,
        subject: key,
        lane: laneOfKey(key),
        cost,
        perMinute,
        perHour,
        generation: this.#denials.generation,
        lateAt: performance.now() + this.#budgetMs(),
        settled: false,
        resolve,
        fail: (error) => this.#failed(call, error, fail),
        late: () => this.#failed(call, new TooLateError('no decision within the budget'), fail),
      };
      if (this.#outage) this.#deadlines.add(call);
      this.#batcher.add(call);
    });
  }

  /** The store did not decide, or not in time: what it may still grant stays spent and is nobody's. */
  #failed(call: PendingCall, error: unknown, fail: (error: unknown) => void): void {
    if (error instanceof BrokenAnswerError) this.#brokenAnswers.report(error);
    if (call.settled) return;
    call.settled = true;
    if (this.#outage === undefined || !isOutage(error)) {
      fail(error);
      return;
    }
    try {
      call.resolve(this.#decider.decideInOutage(call.asked, this.#outage.decide(call.asked, error)));
    } catch (refusal) {
      fail(refusal);
    }
  }

  #settle(call: PendingCall, answer: Answer): void {
    if (call.settled) return;
    const { asked, generation, resolve } = call;
    let decision: Decision;
    try {
      decision = this.#decider.decide(asked, answer);
    } catch (error) {
      call.fail(error);
      return;
    }
    call.settled = true;
    const { second } = answer.row;
    if (second !== secondOf(decision)) this.#countedIn.set(decision, second);
    if (decision.deniedBy !== null) this.#remember(decision, generation);
    resolve(this.#used(asked, decision));
  }

  /** Counts what the overrides behind a decision did for it. */
  #used({ governedBy, entry }: Asked, decision: Decision): Decision {
    if (governedBy.length > 0) this.#uses.note(decision, { governedBy, byDefault: this.#policy.defaultOf(entry) });
    return decision;
  }

  /**
   * Looks without spending.
   * @returns both windows with their release schedule: when how many units come free.
   * @throws as `acquire`.
   */
  async peek(ref: SubjectRef): Promise<SubjectUsage> {
    await this.#contact?.forCall();
    const subject = this.#subject(ref);
    const { nowMs, counts } = await this.#inTime(() => this.#store.peek(laneOfKey(subject.key), [subject.key]));
    return subjectUsage(subject, { nowMs, seconds: counts[0]?.seconds ?? [] });
  }

  /**
   * Every API and subject of the account with units in its hour, in key order, one page (100 subjects by default).
   * @returns `next`: the `after` of the next page; `null`: this is the last.
   * @throws InvalidRequestError, or the store's error.
   */
  async usage(
    account: string,
    { after = '', limit = 100 }: { after?: string; limit?: number } = {},
  ): Promise<UsagePage> {
    this.#assertOpen();
    await this.#contact?.forCall();
    const prefix = accountPrefix(account);
    return await this.#inTime(() => this.#usage({ account, prefix, after, limit }));
  }

  async #usage({ account, prefix, after, limit }: UsageQuery): Promise<UsagePage> {
    const encoded = encodeAccount(account);
    const lane = laneOf(account);
    const found = await this.#store.list(lane, { prefix, after, limit: limit + 1 });
    const keys = found.slice(0, limit);
    const subjects = keys.flatMap((key) => {
      const entry = this.#entryOfScope(parseSubjectKey(key).scope);
      return entry ? [{ key, entry, account, ...this.#inForce(entry, { account: encoded, subject: key }) }] : []; // an API since removed
    });
    const { nowMs, counts } = await this.#store.peek(
      lane,
      subjects.map(({ key }) => key),
    );
    const secondsOf = new Map(counts.map(({ subject, seconds }) => [subject, seconds]));
    const items = subjects.map((subject) =>
      subjectUsage(subject, { nowMs, seconds: secondsOf.get(subject.key) ?? [] }),
    );
    return { items, next: found.length > limit ? (keys.at(-1) ?? null) : null };
  }

  /**
   * Takes back what a decision granted, e.g. because the guarded work never started. A decision is refunded once.
   * @returns the units given back: 0 for a denial, a second refund, or when the units have left the record.
   */
  async refund(decision: Decision): Promise<number> {
    this.#assertOpen();
    if (!decision.allowed || decision.deniedBy !== null || this.#refunded.has(decision)) return 0;
    this.#refunded.add(decision);
    const second = this.#countedIn.get(decision) ?? secondOf(decision);
    const grant = { subject: decision.subject, second, units: decision.cost };
    try {
      return await this.#inTime(() => this.#store.refund(laneOf(decision.account), grant));
    } catch (error) {
      this.#refunded.delete(decision);
      throw error;
    } finally {
      this.#denials.forget(decision.subject);
    }
  }

  /** Empties both windows of the subject. What was used stays on record. */
  async reset(ref: SubjectRef): Promise<void> {
    const { key } = this.#subject(ref);
    try {
      await this.#inTime(() => this.#store.reset(laneOfKey(key), key));
    } finally {
      this.#denials.forget(key);
    }
  }

  /** Looks for changed limits now: what was committed before is in force here after it. False: the database did not answer. */
  async refreshPolicy(): Promise<boolean> {
    const refreshed = this.#policySource?.refresh() ?? Promise.resolve(true);
    if (this.#outage === undefined) return await awake(refreshed);
    return await within(this.#lookMs(), refreshed, 'the limits in force were not read').catch(() => false);
  }

  /** Which policy decides here; `ageMs`: since it was last known to be the database's. */
  policyState(): { version: number; ageMs: number | undefined; overrides: number } {
    return { version: this.#policy.version, ageMs: this.#policySource?.ageMs(), overrides: this.#policy.overrides };
  }

  /** An API's default limits in force, edits included. @throws UnknownApiError */
  defaultLimitsOf(api: string): InForce['limits'] {
    return this.#policy.defaultOf(this.catalogue.get(api)).limits;
  }

  /** The limits in force for a subject. @throws InvalidRequestError, UnknownApiError */
  async limitsOf(ref: SubjectRef): Promise<InForce> {
    await this.#contact?.forCall();
    const { limits, source, mode, governedBy } = this.#subject(ref);
    return { limits, source, mode, governedBy };
  }

  /** Whether this node decides by the database, and since when. */
  state(): NodeState {
    const state: NodeState = this.#outage?.state ?? { mode: 'normal', sinceMs: 0, reason: '' };
    if (this.#contact?.reached === false) {
      return { mode: 'starting', sinceMs: state.sinceMs, reason: this.#contact.failure?.message ?? '' };
    }
    const quarantine = this.#policySource?.quarantine?.state;
    if (state.mode !== 'normal' || quarantine === undefined) return state;
    return { mode: 'quarantine', sinceMs: quarantine.sinceMs, reason: quarantine.reason };
  }

  /** Another instance has freed this subject. */
  forgetDenial(subject: string): void {
    this.#denials.forget(subject);
  }

  /** Any subject may have been freed: the next call of each asks the database. */
  forgetDenials(): void {
    this.#denials.forgetAll();
  }

  /** Lets what is in flight finish, then lets the store go. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#contact?.stop();
    await this.#batcher.drained();
    this.#deadlines.stop();
    this.#brokenAnswers.stop();
    await this.#recorder?.close();
    for (const end of [() => this.#onClose(), () => this.#store.close()])
      await (this.#outage ? within(CLOSE_WITHIN_MS, end(), 'it did not end').catch(ignoreLate) : end());
  }

  /** @throws LimiterUnavailableError when the store does not answer in time */
  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    if (this.#outage === undefined) return await awake(work());
    try {
      return await within(this.#lookMs(), work(), 'the database did not answer');
    } catch (error) {
      if (error instanceof BrokenAnswerError) this.#brokenAnswers.report(error);
      throw isBadData(error) ? error : new LimiterUnavailableError(error);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new LimiterClosedError('the limiter is closed');
  }

  #subject(request: SubjectRef, cost = 1): Asked {
    this.#assertOpen();
    const { account, api, dimensions, level } = request;
    const entry = this.catalogue.find(api);
    if (!entry) throw new UnknownApiError(String(api), this.catalogue.nearest(String(api)));
    const encoded = encodeAccount(account);
    const key = subjectKey(entry, encoded, { level, dimensions });
    const { limits, fullLimits, source, mode, governedBy } = this.#inForce(entry, { account: encoded, subject: key });
    return { entry, account, key, limits, fullLimits, source, mode, governedBy, cost, request };
  }

  #inForce(entry: ApiEntry, { account, subject }: { account: string; subject: string }): InForce {
    if (this.#policySource === undefined) return this.#policy.defaultOf(entry);
    const { quarantine } = this.#policySource;
    const inForce = this.#policy.hasOverrides(account)
      ? this.#policy.inForce(entry, { account, subject, nowMs: this.#policySource.now() })
      : this.#policy.defaultOf(entry);
    if (quarantine?.state === undefined) return inForce;
    return { ...inForce, limits: quarantine.limitsOf(inForce.limits), fullLimits: inForce.limits };
  }

  #entryOfScope(scope: string): ApiEntry | undefined {
    if (!scope.startsWith('@')) return this.catalogue.find(scope);
    return this.catalogue.entries().find(({ group, scope: s }) => s === 'group' && `@${group}` === scope);
  }

  #remember(decision: Decision, generation: number): void {
    const { minute, hour } = decision.windows;
    if (decision.retryAfterMs !== null && decision.retryAfterMs <= 0) return;
    const at = (afterMs: number | null): number | null => (afterMs === null ? null : decision.decidedAtMs + afterMs);
    const denial: Denial = {
      cost: decision.cost,
      perMinute: minute.limit,
      perHour: hour.limit,
      minuteUsed: minute.used,
      hourUsed: hour.used,
      nowMs: decision.decidedAtMs,
      minuteResetMs: at(minute.resetAfterMs),
      hourResetMs: at(hour.resetAfterMs),
      retryMs: at(decision.retryAfterMs),
      learnedAt: this.#now(),
      event: undefined,
    };
    this.#denials.remember(decision.subject, denial, generation);
  }
}

function ignoreLate(error: unknown): void {
  if (!(error instanceof TooLateError)) throw error;
}

function secondOf({ decidedAtMs }: Decision): number {
  return Math.floor(decidedAtMs / 1000);
}

function validCost(cost: unknown): number {
  if (typeof cost !== 'number' || !Number.isInteger(cost) || cost < 1 || cost > MAX_UNITS) {
    throw new InvalidRequestError('cost', `must be a whole number from 1 to ${MAX_UNITS}`);
  }
  return cost;
}
