/**
 * The path of a call: validate it, look for a remembered denial, batch it by lane, and run one statement in the store.
 *
 * Invariants: a malformed call never enters a batch; a denial is a value, not an error; after validation only a store
 * that fails or gives an inconsistent answer makes `acquire` reject.
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
import { type Asked, Decider } from './call/decider.js';
import { type Denial, DenialMemory } from './call/denial-memory.js';
import { subjectUsage } from './call/usage.js';
import { DEFAULT_BUDGET_MS, DEFAULT_LOOK_MS } from './connections/decision-budget.js';
import { BrokenAnswerError, isBadData, isOutage } from './connections/faults.js';
import type { Recorder } from './events/recorder.js';
import type { Contact } from './outage/contact.js';
import { Deadlines, type Timed } from './outage/deadlines.js';
import { type InstanceState, LimiterUnavailableError, type Outage } from './outage/outage.js';
import type { Quarantine } from './outage/quarantine.js';
import { OverrideUses } from './policy/override-use.js';
import { type InForce, Policy } from './policy/policy.js';
import { Reports } from './reports.js';
import type { LimitRequests } from './requests/limit-requests.js';
import { type Answer, Batcher, type Call } from './store/batcher.js';
import { BrokenAnswers } from './store/broken-answers.js';
import type { Store } from './store/store.js';
import { accountPrefix, encodeAccount, laneOf, laneOfKey, parseSubjectKey, subjectKey } from './subject/subject-key.js';
import { type AcquireRequest, InvalidRequestError, type SubjectRef } from './subject/subject-ref.js';
import { awake, ignoreLate, TooLateError, within } from './tasks/within.js';

export interface LimiterOptions {
  readonly store: Store;
  readonly catalogue: Catalogue;
  /**
   * Groups of lanes whose batches run concurrently on this instance, 2 by default. With 64, each batch contains one
   * lane.
   */
  readonly stripes?: number;
  /**
   * Batches of one stripe that may be in flight, 1 by default. With more, the store must decide them in the order sent.
   */
  readonly batchesInFlight?: number;
  /** Largest number of rows in a batch, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Largest number of denied subjects that this instance remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** This instance's monotonic clock in ms, for the denial memory. Tests inject one. */
  readonly now?: () => number;
  /** The effective limits; the catalogue's defaults by default. */
  readonly policy?: PolicySource;
  /** Counts which overrides decide calls. */
  readonly uses?: OverrideUses;
  /** Records denials. The limiter closes it. */
  readonly recorder?: Recorder;
  /** Files customers' limit requests. */
  readonly requests?: LimitRequests;
  /** Stops the background work. `close` calls it before it closes the store. */
  readonly onClose?: () => Promise<void>;
  /** Tracks whether the store has been reached. Without it, the store is assumed to be reachable. */
  readonly contact?: Contact;
  /** Decides calls while the store does not answer. Without it, `acquire` rejects with the store's error. */
  readonly outage?: Outage;
  /** Time from a call's start to its decision, ms. Used only with `outage`. */
  readonly budgetMs?: () => number;
  /** Longest time for `peek`, `usage`, a refund or a reset, ms. Used only with `outage`. */
  readonly lookMs?: () => number;
  /** Receives changes of the limiter's state; by default they are written with `console.warn`. */
  readonly reports?: Reports;
}

/** Limits that change while the limiter runs. */
export interface PolicySource {
  readonly policy: Policy;
  /** The clock by which overrides start and expire, Unix ms. */
  now(): number;
  /** Reads the limits now. Resolves to `false` if that failed. */
  refresh(): Promise<boolean>;
  /** Time since the policy was last read from the database, ms; `undefined` if it was never read. */
  ageMs(): number | undefined;
  /** Halves the limits while the counts may be incomplete. */
  readonly quarantine?: Quarantine;
}

/** A call that is waiting for its decision. */
interface PendingCall extends Call, Timed {
  readonly asked: Asked;
  /** Generation of the denial memory when the call was queued. */
  readonly generation: number;
  resolve(decision: Decision): void;
}

/** One page of an account's usage. `next` is the `after` value for the following page, or `null` on the last page. */
export interface UsagePage {
  readonly items: readonly SubjectUsage[];
  readonly next: string | null;
}

/** Longest time for each closing step: a database that does not answer must not delay a shutdown. */
const CLOSE_WITHIN_MS = 2_000;

interface UsageQuery {
  readonly account: string;
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** The limiter was used after `close()` was called. */
export class LimiterClosedError extends Error {
  override readonly name = 'LimiterClosedError';
}

/**
 * Decides calls against the effective limits. Create one per process with `createPostgresLimiter`, and call `close()`
 * when the process shuts down.
 */
export class Limiter {
  readonly catalogue: Catalogue;
  /** Files customers' limit requests; `undefined` for a limiter that counts in memory. */
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
  /** The second in which a decision's units are counted, if it differs from the second of the decision. */
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
   * Connects to the database, so that the first call does not wait for a sign-in, and a wrong URL, login or schema is
   * reported before any call arrives. Resolves when the database can decide calls. Calling it is optional: a limiter
   * connects by itself after it is created. Until it has reached its database, it decides no calls.
   *
   * @throws LimiterStartError with a one-line message that says what to do. The limiter keeps trying until `close`.
   */
  async start(): Promise<void> {
    this.#assertOpen();
    if (this.#contact) await awake(this.#contact.start());
  }

  /**
   * Requests `cost` units in both windows at once, all or nothing.
   *
   * @returns the decision. A denial is also returned, not thrown.
   * @throws InvalidRequestError or UnknownApiError if the request is malformed (nothing was counted),
   * LimiterClosedError, LimiterUnavailableError (no decision can be made now), or the store's error.
   */
  acquire(request: AcquireRequest): Promise<Decision> {
    if (this.#contact?.reached === false) return this.#contact.forCall().then(() => this.acquire(request));
    // Not an async function: that would add a promise to every call, even one answered from memory.
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

  /** The store failed or was too late. Units that it still grants stay spent, and no caller receives them. */
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

  /** Records which overrides affected the decision. */
  #used({ governedBy, entry }: Asked, decision: Decision): Decision {
    if (governedBy.length > 0) this.#uses.note(decision, { governedBy, byDefault: this.#policy.defaultOf(entry) });
    return decision;
  }

  /**
   * Reads usage without spending units.
   *
   * @returns both windows with their release schedules: when how many units become available.
   * @throws the same errors as `acquire`.
   */
  async peek(ref: SubjectRef): Promise<SubjectUsage> {
    await this.#contact?.forCall();
    const subject = this.#subject(ref);
    const { nowMs, counts } = await this.#inTime(() => this.#store.peek(laneOfKey(subject.key), [subject.key]));
    return subjectUsage(subject, { nowMs, seconds: counts[0]?.seconds ?? [] });
  }

  /**
   * Lists every API and subject of the account that has units in its hour window, in key order, one page at a time (100
   * subjects by default).
   *
   * @returns `items`, and `next`: the `after` value for the next page, or `null` if this is the last page.
   * @throws InvalidRequestError, LimiterClosedError, LimiterUnavailableError, or the store's error.
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
      return entry ? [{ key, entry, account, ...this.#inForce(entry, { account: encoded, subject: key }) }] : []; // the API is no longer in the catalogue
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
   * Returns the units of an allowed decision, for example because the guarded work never started. A decision can be
   * refunded once; after a failed refund it can be tried again.
   *
   * @returns the number of units returned: 0 for a denial, for a second refund, or when the units are no longer on
   * record.
   * @throws LimiterClosedError, LimiterUnavailableError, or the store's error.
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

  /**
   * Empties both windows of the subject. Past usage stays on record for audits.
   *
   * @throws InvalidRequestError, UnknownApiError, LimiterClosedError, LimiterUnavailableError, or the store's error.
   */
  async reset(ref: SubjectRef): Promise<void> {
    const { key } = this.#subject(ref);
    try {
      await this.#inTime(() => this.#store.reset(laneOfKey(key), key));
    } finally {
      this.#denials.forget(key);
    }
  }

  /**
   * Reads changed limits now. Changes that were committed before the call apply on this instance once it resolves.
   *
   * @returns `false` if the database did not answer.
   */
  async refreshPolicy(): Promise<boolean> {
    const refreshed = this.#policySource?.refresh() ?? Promise.resolve(true);
    if (this.#outage === undefined) return await awake(refreshed);
    return await within(this.#lookMs(), refreshed, 'the limits in force were not read').catch(() => false);
  }

  /**
   * The policy that this instance uses. `ageMs` is the time since it was last read from the database, ms; `undefined`
   * if it was never read.
   */
  policyState(): { version: number; ageMs: number | undefined; overrides: number } {
    return { version: this.#policy.version, ageMs: this.#policySource?.ageMs(), overrides: this.#policy.overrides };
  }

  /** An API's current default limits, including edits. @throws UnknownApiError */
  defaultLimitsOf(api: string): InForce['limits'] {
    return this.#policy.defaultOf(this.catalogue.get(api)).limits;
  }

  /**
   * The effective limits of a subject. @throws InvalidRequestError, UnknownApiError, LimiterClosedError,
   * LimiterUnavailableError
   */
  async limitsOf(ref: SubjectRef): Promise<InForce> {
    await this.#contact?.forCall();
    const { limits, source, mode, governedBy } = this.#subject(ref);
    return { limits, source, mode, governedBy };
  }

  /** Whether the database currently decides this instance's calls, since when, and why not. */
  state(): InstanceState {
    const state: InstanceState = this.#outage?.state ?? { mode: 'normal', sinceMs: 0, reason: '' };
    if (this.#contact?.reached === false) {
      return { mode: 'starting', sinceMs: state.sinceMs, reason: this.#contact.failure?.message ?? '' };
    }
    const quarantine = this.#policySource?.quarantine?.state;
    if (state.mode !== 'normal' || quarantine === undefined) return state;
    return { mode: 'quarantine', sinceMs: quarantine.sinceMs, reason: quarantine.reason };
  }

  /** Forgets the remembered denial of one subject, because another instance has freed it. */
  forgetDenial(subject: string): void {
    this.#denials.forget(subject);
  }

  /**
   * Forgets all remembered denials, because any subject may have been freed. The next call of each subject goes to the
   * database.
   */
  forgetDenials(): void {
    this.#denials.forgetAll();
  }

  /**
   * Rejects new calls, lets calls in flight finish, writes recorded denials, and closes the connections. Calling it
   * again returns the same promise.
   */
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

function secondOf({ decidedAtMs }: Decision): number {
  return Math.floor(decidedAtMs / 1000);
}

function validCost(cost: unknown): number {
  if (typeof cost !== 'number' || !Number.isInteger(cost) || cost < 1 || cost > MAX_UNITS) {
    throw new InvalidRequestError('cost', `must be a whole number from 1 to ${MAX_UNITS}`);
  }
  return cost;
}
