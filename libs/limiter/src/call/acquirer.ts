/**
 * The path of a call: validate it, look for a remembered denial, batch it by lane, and run one statement in the store.
 *
 * Invariants: a malformed call never enters a batch; a denial is a value, not an error; after validation only a store
 * that fails or gives an inconsistent answer makes `acquire` reject.
 */
import { type Decision, UnknownApiError } from '@rollgate/contract';
import { isOutage } from '../connections/faults.js';
import { Deadlines, type Timed } from '../outage/deadlines.js';
import type { Outage } from '../outage/outage.js';
import type { OverrideUses } from '../policy/override-use.js';
import type { Policy } from '../policy/policy.js';
import { type BatchedCall, Batcher, type BatcherOptions, type CallAnswer } from '../store/batcher.js';
import { BrokenAnswerError, type BrokenAnswers } from '../store/broken-answers.js';
import { encodeAccount, laneOfKey } from '../subject/subject-key.js';
import { TooLateError } from '../tasks/within.js';
import type { AcquireRequest } from './acquire-request.js';
import type { ApiLookup } from './api-lookup.js';
import { type CallResolver, costOf } from './call-resolver.js';
import type { Decider } from './decider.js';
import type { DenialMemory } from './denial-memory.js';
import type { Gate } from './gate.js';
import { type Refunds, secondOf } from './refunds.js';
import type { ResolvedCall } from './resolved-call.js';

export interface AcquirerOptions {
  readonly gate: Gate;
  readonly lookup: ApiLookup | undefined;
  readonly resolver: CallResolver;
  readonly denials: DenialMemory;
  readonly decider: Decider;
  readonly refunds: Refunds;
  readonly policy: Policy;
  /** Counts which overrides decide calls. */
  readonly uses: OverrideUses;
  readonly brokenAnswers: BrokenAnswers;
  readonly batches: Omit<BatcherOptions<PendingCall>, 'settle' | 'budgetMs'>;
  /** Decides calls while the store does not answer. Without it, `acquire` rejects with the store's error. */
  readonly outage: Outage | undefined;
  /** Time from a call's start to its decision, ms. Used only with `outage`. */
  readonly budgetMs: () => number;
}

/** What a call needs until it has its decision. */
interface Pending {
  readonly resolved: ResolvedCall;
  /** Generation of the denial memory when the call was queued. */
  readonly generation: number;
  readonly lateAt: number;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
  /** One function for all calls: the store failed or was too late. */
  readonly failed: (call: PendingCall, error: unknown) => void;
}

/** A call that is waiting for its decision: one object instead of closures, because many calls wait at the same time. */
class PendingCall implements BatchedCall, Timed {
  readonly resolved: ResolvedCall;
  readonly subject: string;
  readonly lane: number;
  readonly cost: number;
  readonly perMinute: number;
  readonly perHour: number;
  readonly generation: number;
  readonly lateAt: number;
  readonly resolve: Pending['resolve'];
  readonly reject: Pending['reject'];
  readonly #failed: Pending['failed'];
  settled = false;

  constructor({ resolved, generation, lateAt, resolve, reject, failed }: Pending) {
    const { key, cost, limits } = resolved;
    this.resolved = resolved;
    this.subject = key;
    this.lane = laneOfKey(key);
    this.cost = cost;
    this.perMinute = limits.perMinute;
    this.perHour = limits.perHour;
    this.generation = generation;
    this.lateAt = lateAt;
    this.resolve = resolve;
    this.reject = reject;
    this.#failed = failed;
  }

  fail(error: unknown): void {
    this.#failed(this, error);
  }

  late(): void {
    this.#failed(this, new TooLateError('no decision within the budget'));
  }
}

export class Acquirer {
  readonly #gate: Gate;
  readonly #lookup: ApiLookup | undefined;
  readonly #resolver: CallResolver;
  readonly #denials: DenialMemory;
  readonly #decider: Decider;
  readonly #refunds: Refunds;
  readonly #policy: Policy;
  readonly #uses: OverrideUses;
  readonly #brokenAnswers: BrokenAnswers;
  readonly #outage: Outage | undefined;
  readonly #budgetMs: () => number;
  readonly #batcher: Batcher<PendingCall>;
  readonly #deadlines = new Deadlines();

  constructor(options: AcquirerOptions) {
    this.#gate = options.gate;
    this.#lookup = options.lookup;
    this.#resolver = options.resolver;
    this.#denials = options.denials;
    this.#decider = options.decider;
    this.#refunds = options.refunds;
    this.#policy = options.policy;
    this.#uses = options.uses;
    this.#brokenAnswers = options.brokenAnswers;
    this.#outage = options.outage;
    this.#budgetMs = options.budgetMs;
    this.#batcher = new Batcher({
      ...options.batches,
      budgetMs: options.budgetMs,
      settle: (call, answer) => this.#settle(call, answer),
    });
  }

  acquire(request: AcquireRequest): Promise<Decision> {
    if (!this.#gate.isReady) return this.#gate.untilReady().then(() => this.acquire(request));
    // Not an async function: that would add a promise to every call, even one answered from memory.
    try {
      return this.#decide(request);
    } catch (error) {
      if (error instanceof UnknownApiError && this.#lookup?.mayFind(request.api)) {
        return this.#lookup.settle(request.api).then(() => {
          this.#gate.assertOpen();
          return this.#decide(request);
        });
      }
      return Promise.reject(error);
    }
  }

  #decide(request: AcquireRequest): Promise<Decision> {
    const call = this.#resolver.resolve(request, costOf(request));
    const known = this.#denials.recall(call);
    if (known) return Promise.resolve(this.#used(call, this.#decider.decideFromMemory(call, known)));
    return this.#queue(call);
  }

  /** Resolves when every call has its decision. */
  async drained(): Promise<void> {
    await this.#batcher.drained();
    this.#deadlines.stop();
  }

  #queue(resolved: ResolvedCall): Promise<Decision> {
    return new Promise((resolve, reject) => {
      const call = new PendingCall({
        resolved,
        generation: this.#denials.generation,
        lateAt: this.#outage === undefined ? Number.POSITIVE_INFINITY : performance.now() + this.#budgetMs(),
        resolve,
        reject,
        failed: this.#failed,
      });
      if (this.#outage) this.#deadlines.add(call);
      this.#batcher.add(call);
    });
  }

  /** The store failed or was too late. Units that it still grants stay spent, and no caller receives them. */
  readonly #failed = (call: PendingCall, error: unknown): void => {
    if (error instanceof BrokenAnswerError) this.#brokenAnswers.report(error);
    if (call.settled) return;
    call.settled = true;
    if (this.#outage === undefined || !isOutage(error)) {
      call.reject(error);
      return;
    }
    try {
      call.resolve(this.#decider.decideInOutage(call.resolved, this.#outage.decide(call.resolved, error)));
    } catch (refusal) {
      call.reject(refusal);
    }
  };

  #settle(call: PendingCall, answer: CallAnswer): void {
    if (call.settled) return;
    const { resolved, generation, resolve } = call;
    let decision: Decision;
    try {
      decision = this.#decider.decide(resolved, answer);
    } catch (error) {
      call.fail(error);
      return;
    }
    call.settled = true;
    const { second } = answer.row;
    if (second !== secondOf(decision)) this.#refunds.noteSecond(decision, second);
    if (decision.deniedBy !== null) this.#denials.remember(decision, generation);
    resolve(this.#used(resolved, decision));
  }

  /** Counts which overrides affected the decision. */
  #used({ governedBy, entry, account, request }: ResolvedCall, decision: Decision): Decision {
    if (governedBy.length === 0) return decision;
    const asked = { account: encodeAccount(account), plan: request.plan, nowMs: decision.decidedAtMs };
    this.#uses.note(decision, { governedBy, byDefault: this.#policy.baseOf(entry, asked) });
    return decision;
  }
}
