/** The limiter as an application holds it. Each method passes the work on to the part that does it. */
import type { ApiEntry, Catalogue, Decision, Limits, SubjectUsage } from '@rollgate/contract';
import type { AcquireRequest } from './call/acquire-request.js';
import type { Acquirer } from './call/acquirer.js';
import type { ApiLookup } from './call/api-lookup.js';
import type { CallResolver } from './call/call-resolver.js';
import type { Gate } from './call/gate.js';
import type { Refunds } from './call/refunds.js';
import type { StoreTimeLimit } from './call/store-time-limit.js';
import type { UsagePage, UsageReader } from './call/usage-reader.js';
import type { Contact } from './outage/contact.js';
import type { InstanceState } from './outage/instance-state.js';
import type { InstanceStateReader } from './outage/instance-state-reader.js';
import type { InForce, Policy } from './policy/policy.js';
import type { PolicySync } from './policy/policy-sync.js';
import type { Reports } from './reports.js';
import type { SubjectRef } from './subject/subject-ref.js';
import type { StopList } from './tasks/stop-list.js';
import { awake } from './tasks/within.js';

/** The parts of a limiter, as `limiterParts` puts them together. */
export interface LimiterParts {
  readonly catalogue: Catalogue;
  readonly reports: Reports;
  readonly gate: Gate;
  /** `undefined` if the store is always reachable. */
  readonly contact: Contact | undefined;
  /** Finds APIs that the catalogue lacks. `undefined` if nothing is added to it. */
  readonly lookup: ApiLookup | undefined;
  readonly resolver: CallResolver;
  readonly acquirer: Acquirer;
  readonly usage: UsageReader;
  readonly refunds: Refunds;
  readonly policy: Policy;
  /** `undefined` if the limits never change. */
  readonly sync: PolicySync | undefined;
  readonly state: InstanceStateReader;
  readonly timeLimit: StoreTimeLimit;
  readonly stops: StopList;
}

/** The policy that an instance uses. */
export interface PolicyState {
  /** The version of the database's policy; 0 if it has not been read yet. */
  readonly version: number;
  /** Time since the policy was last read from the database, ms; `undefined` if it was never read. */
  readonly ageMs: number | undefined;
  /** The number of overrides that this instance knows. */
  readonly overrides: number;
}

/**
 * Decides calls against the effective limits. Create one per process, with `createPostgresLimiter` or, in tests, with
 * `createMemoryLimiter`, and call `close()` when the process shuts down.
 */
export class Limiter {
  /** The APIs that calls can name, with their default limits as registered. It may change while the limiter runs. */
  readonly catalogue: Catalogue;
  /** Whether `catalogue` is the database's. It is empty until the limiter has started. */
  readonly readsCatalogue: boolean;
  /** Where changes of this limiter's state are reported. */
  readonly reports: Reports;
  readonly #parts: LimiterParts;
  readonly #acquirer: Acquirer;
  #closed: Promise<void> | undefined;

  constructor(parts: LimiterParts) {
    this.catalogue = parts.catalogue;
    this.readsCatalogue = parts.lookup !== undefined;
    this.reports = parts.reports;
    this.#parts = parts;
    this.#acquirer = parts.acquirer;
  }

  /**
   * Connects to the database, so that the first call does not wait for a sign-in, and a wrong URL, login or schema is
   * reported before any call arrives. Resolves when the database can decide calls. Calling it is optional: a limiter
   * connects by itself after it is created. Until it has reached its database, it decides no calls.
   *
   * @throws LimiterStartError with a one-line message that says what to do. The limiter keeps trying until `close`.
   * @throws CatalogueConflictError if another application registers one of the APIs with another definition
   * @throws LimiterClosedError
   */
  async start(): Promise<void> {
    const { gate, contact } = this.#parts;
    gate.assertOpen();
    if (contact) await awake(contact.start());
  }

  /**
   * Requests `cost` units (1 by default) in both windows at once, all or nothing.
   *
   * @returns the decision. A denial is also returned, not thrown. `retryAfterMs` is when the same call can be allowed,
   * in ms from the decision: 0 if it was allowed, `null` if retrying does not help.
   * @throws InvalidRequestError or UnknownApiError if the request is malformed. Nothing was counted.
   * @throws LimiterClosedError
   * @throws LimiterUnavailableError if no decision can be made now: the database was never reached, or it does not
   * answer and the API's outage mode allows no decision without it.
   * @throws the store's error, if the limiter has no outage modes. The units may have been counted.
   */
  acquire(request: AcquireRequest): Promise<Decision> {
    return this.#acquirer.acquire(request);
  }

  /**
   * Reads the usage of one subject without spending units.
   *
   * @returns both windows in units, with their release schedules: how many units become available after how many ms.
   * @throws InvalidRequestError, UnknownApiError, LimiterClosedError, LimiterUnavailableError, or the store's error.
   */
  async peek(ref: SubjectRef): Promise<SubjectUsage> {
    const { gate, lookup, usage } = this.#parts;
    await gate.untilReady();
    await lookup?.settle(ref.api);
    return await usage.read(ref);
  }

  /**
   * Lists every API and subject of the account that has units in its hour window, in key order, one page at a time.
   *
   * @param page `limit` is the most subjects of a page, 100 by default. `after` is the `next` of the page before. `plan`
   * is that of the account's verified identity, as in `acquire`.
   * @returns `items`, as `peek` returns them, and `next`: the `after` value for the next page, or `null` if this is the
   * last page.
   * @throws InvalidRequestError, LimiterClosedError, LimiterUnavailableError, or the store's error.
   */
  async usage(
    account: string,
    { after = '', limit = 100, plan }: { after?: string; limit?: number; plan?: string | undefined } = {},
  ): Promise<UsagePage> {
    const { gate, usage } = this.#parts;
    await gate.untilReady();
    return await usage.list({ account, plan }, { after, limit });
  }

  /**
   * Returns the units of an allowed decision, for example because the guarded work never started. A decision can be
   * refunded once; after a failed refund it can be tried again.
   *
   * @param decision the object that `acquire` of this limiter resolved to.
   * @returns the number of units returned: 0 for a denial, for a second refund, or when the units are no longer on
   * record.
   * @throws LimiterClosedError, LimiterUnavailableError, or the store's error.
   */
  async refund(decision: Decision): Promise<number> {
    const { gate, refunds } = this.#parts;
    gate.assertOpen();
    return await refunds.refund(decision);
  }

  /**
   * Empties both windows of the subject, so that its next call finds its whole limits. Other instances forget their
   * remembered denials of it within 2 s. Past usage stays on record for audits.
   *
   * @throws InvalidRequestError or UnknownApiError if the subject is malformed. Nothing was changed.
   * @throws LimiterClosedError
   * @throws LimiterUnavailableError if the database did not answer in time. The reset may have taken effect, and can
   * safely be repeated.
   * @throws the store's error, if the limiter has no outage modes.
   */
  async reset(ref: SubjectRef): Promise<void> {
    const { gate, lookup, resolver, refunds } = this.#parts;
    gate.assertOpen();
    await lookup?.settle(ref.api);
    await refunds.reset(resolver.resolve(ref).key);
  }

  /**
   * The effective limits of a subject, in units, with the override that sets them, if any.
   *
   * @throws InvalidRequestError, UnknownApiError, LimiterClosedError, LimiterUnavailableError
   */
  async limitsOf(ref: SubjectRef): Promise<InForce> {
    const { gate, lookup, resolver } = this.#parts;
    await gate.untilReady();
    await lookup?.settle(ref.api);
    const { limits, source, mode, governedBy } = resolver.resolve(ref);
    return { limits, source, mode, governedBy };
  }

  /**
   * Finds an API, also one that another program registered a moment ago. Resolves to `undefined` if there is none.
   *
   * @throws LimiterClosedError, or LimiterUnavailableError if the API is unknown and the catalogue can't be read
   */
  async findApi(api: string): Promise<ApiEntry | undefined> {
    const { gate, lookup } = this.#parts;
    await gate.untilReady();
    await lookup?.settle(api);
    return this.catalogue.find(api);
  }

  /** An API's current default limits in units, including edits. @throws UnknownApiError */
  defaultLimitsOf(api: string): Limits {
    return this.#parts.policy.defaultOf(this.catalogue.get(api)).limits;
  }

  /**
   * Reads changed limits now. Changes that were committed before the call apply on this instance once it resolves.
   *
   * @returns `false` if the database did not answer.
   */
  async refreshPolicy(): Promise<boolean> {
    const { sync, timeLimit } = this.#parts;
    if (sync === undefined) return true;
    return await timeLimit.run(() => sync.refresh()).catch(() => false);
  }

  /** The policy that this instance uses, and how old it is. */
  policyState(): PolicyState {
    const { policy, sync } = this.#parts;
    return { version: policy.version, ageMs: sync?.ageMs, overrides: policy.overrides };
  }

  /** Whether the database currently decides this instance's calls, since when, and why not. */
  state(): InstanceState {
    return this.#parts.state.read();
  }

  /**
   * Rejects new calls, lets calls in flight finish, writes recorded denials (for at most 5 s), reports that this
   * instance has ended, and closes the connections. Calling it again returns the same promise.
   *
   * @throws the first error of a part that could not be stopped, after all of them were. A database that does not answer
   * causes no error.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #close(): Promise<void> {
    const { gate, stops } = this.#parts;
    gate.close();
    return stops.stop();
  }
}
