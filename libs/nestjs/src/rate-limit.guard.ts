/**
 * Resolves the subject of a call, requests a decision, and sets header fields. Only here does a denial become an
 * exception.
 *
 * Invariant: a limited call is either counted or rejected. If anything can't be resolved, decided or stored, the call
 * is never let through uncounted.
 */
import {
  type CanActivate,
  type ExecutionContext,
  type HttpException,
  Inject,
  Injectable,
  type Type,
} from '@nestjs/common';
import type { Decision } from '@rollgate/contract';
import { type AcquireRequest, InvalidRequestError } from '@rollgate/limiter';
import { type Call, callOf } from './call.js';
import { decideOnce } from './decided-calls.js';
import { ACCOUNT_FIRST, COST_NEXT, GuardRequest } from './guard-request.js';
import { headerFields } from './headers.js';
import { CallerLimitRequests } from './limit-requests.js';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { denialException, invalidRequest, limiterUnavailable, refusalTo, unknownAccount } from './refusals.js';
import { type RouteLimit, RouteLimits } from './route-limits.js';
import { ACCOUNT, subjectText } from './subject-values.js';
import { Warnings } from './warnings.js';

/**
 * Enforces `@RateLimit`. Use it as `APP_GUARD` or with `@UseGuards`, after the guard that authenticates: a call without
 * an account is rejected with 401.
 *
 * Throws `HttpException`, `RpcException` or `WsException`, by the call's transport, with a problem body: 429 denied,
 * 422 the cost exceeds the limit, 400 a malformed subject or cost, 401 no account, 503 the limiter can't decide. To
 * change one step, extend the class and override a protected method.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  // Injected by property, so that a subclass can define its own constructor.
  @Inject(ROLLGATE_OPTIONS) protected readonly options!: RollgateOptions;
  @Inject(RouteLimits) private readonly routes!: RouteLimits;
  @Inject(Warnings) private readonly warnings!: Warnings;
  @Inject(CallerLimitRequests) private readonly requests!: CallerLimitRequests;

  canActivate(context: ExecutionContext): Promise<boolean> {
    // Neither this nor what it calls is an async function: each would keep a promise and its closures for every call in
    // flight, and the garbage collector copies them.
    const call = callOf(context);
    try {
      const route = this.#routeOf(context);
      if (!route) return ALLOWED;
      const skip = this.shouldSkip(context);
      if (!isPromise(skip)) return skip ? ALLOWED : this.#enforce(route, { context, call });
      return Promise.resolve(skip).then(
        (skipped) => skipped || this.#enforce(route, { context, call }),
        (error: unknown) => refuse(call, error),
      );
    } catch (error) {
      return refuse(call, error);
    }
  }

  /** Whether the call is excluded from limits. Default: the module's `skip`. */
  protected shouldSkip(context: ExecutionContext): boolean | Promise<boolean> {
    return this.options.skip?.(context) ?? false;
  }

  /**
   * The value of one dimension of the subject, which may be `account`. Default: the resolver of the route, of the
   * module, or the built-in one. `undefined`, `null` and blank text mean unresolved. The call is rejected with 400 if
   * the value is neither text nor a number.
   */
  protected resolveSubject(dimension: string, context: ExecutionContext): unknown {
    return this.#routeOf(context)?.resolvers.get(dimension)?.(context);
  }

  /**
   * The plan of the call's account, if none is assigned to it. Default: the module's `plan`. `undefined`, `null` and
   * blank text mean no plan.
   */
  protected resolvePlan(context: ExecutionContext): unknown {
    return this.options.plan?.(context);
  }

  /** Cost of the call in units. Default: the `cost` of its `@RateLimit`, or 1. */
  protected costOf(context: ExecutionContext): number | Promise<number> {
    const cost = this.#routeOf(context)?.cost ?? 1;
    return typeof cost === 'function' ? cost(context) : cost;
  }

  /**
   * Rejects a denied call by throwing. Default: `RateLimitExceededException` (429), or an exception with 422 if the
   * cost alone exceeds the limit. If an override returns instead, the call is still rejected: Nest responds with 403.
   */
  protected onDenied(decision: Decision, context: ExecutionContext): void | Promise<void> {
    const { support } = this.options;
    throw denialException(decision, {
      message: this.options.limiter.catalogue.get(decision.api).message,
      support:
        (typeof support === 'function' ? support(decision, context) : support) ?? this.requests.links?.linkTo(decision),
    });
  }

  #enforce(route: RouteLimit, { context, call }: GuardedCall): Promise<boolean> {
    const decide = () => this.#decide(route, { context, call });
    return decideOnce({ call: call.identity, limit: route.id }, decide).then(
      (decision) => decision.allowed || this.#deny(decision, { context, call }),
      (error: unknown) => refuse(call, error),
    );
  }

  async #deny(decision: Decision, { context, call }: GuardedCall): Promise<boolean> {
    try {
      await this.onDenied(decision, context);
      return false;
    } catch (error) {
      return await refuse(call, error);
    }
  }

  #decide(route: RouteLimit, guarded: GuardedCall): Promise<Decision> {
    try {
      const request = this.#resolve(new GuardRequest(route, guarded.call), guarded.context);
      if (!isPromise(request)) return this.#ask(request, guarded);
      return request.then(
        (resolved) => this.#ask(resolved, guarded),
        (error: unknown) => {
          throw malformed(error);
        },
      );
    } catch (error) {
      return Promise.reject(malformed(error));
    }
  }

  #ask(request: AcquireRequest, guarded: GuardedCall): Promise<Decision> {
    let asked: Promise<Decision>;
    try {
      asked = this.options.limiter.acquire(request);
    } catch (error) {
      return Promise.reject(this.#undecided(error));
    }
    return asked.then(
      (decision) => this.#announce(decision, guarded),
      (error: unknown) => {
        throw this.#undecided(error);
      },
    );
  }

  #undecided(error: unknown): HttpException {
    if (error instanceof InvalidRequestError) return invalidRequest(error);
    this.warnings.failed('the limiter', error);
    return limiterUnavailable(error);
  }

  /** Sets the header fields of a decision and reports it. */
  #announce(decision: Decision, { context, call }: GuardedCall): Decision | Promise<Decision> {
    call.headers.announce(headerFields(decision, { legacy: this.options.legacyHeaders ?? false }));
    try {
      const heard = this.options.onDecision?.(decision, context);
      if (!isPromise(heard)) return decision;
      return Promise.resolve(heard).then(
        () => decision,
        (error: unknown) => this.#notReported(decision, error),
      );
    } catch (error) {
      return this.#notReported(decision, error);
    }
  }

  #notReported(decision: Decision, error: unknown): Decision {
    this.warnings.failed('onDecision', error);
    return decision;
  }

  /** Resolves what is not resolved yet. The result is a promise only if a resolver returns one. */
  #resolve(request: GuardRequest, context: ExecutionContext): GuardRequest | Promise<GuardRequest> {
    while (!request.isComplete) {
      const sent = this.#read(request, context);
      if (isPromise(sent)) {
        return Promise.resolve(sent).then((value) => {
          this.#accept(request, value);
          return this.#resolve(request, context);
        });
      }
      this.#accept(request, sent);
    }
    return request;
  }

  #read(request: GuardRequest, context: ExecutionContext): unknown {
    if (request.resolved === ACCOUNT_FIRST) return this.resolveSubject(ACCOUNT, context);
    if (request.resolved === COST_NEXT) return this.costOf(context);
    const dimension = request.nextDimension;
    return dimension === undefined ? this.resolvePlan(context) : this.resolveSubject(dimension, context);
  }

  /** Checks a value and adds it to the request. */
  #accept(request: GuardRequest, value: unknown): void {
    const { api, resolved, nextDimension: dimension } = request;
    if (resolved === ACCOUNT_FIRST) request.account = this.#account(api, value);
    else if (resolved === COST_NEXT) request.cost = statedCost(value);
    else if (dimension === undefined) request.plan = subjectText('plan', value);
    else request.dimensions[dimension] = this.#dimension(dimension, { api, value });
    request.resolved++;
  }

  #account(api: string, value: unknown): string {
    const account = subjectText(ACCOUNT, value);
    if (account !== undefined) return account;
    this.warnings.once(
      `${api}: calls without an account are rejected. The guard that authenticates must come before RateLimitGuard`,
    );
    throw unknownAccount();
  }

  #dimension(dimension: string, { api, value }: { api: string; value: unknown }): string | undefined {
    const text = subjectText(`dimensions.${dimension}`, value);
    if (text === undefined) {
      this.warnings.once(
        `${api}: "${dimension}" was not found in a call; such calls count in the account's shared subject`,
      );
    }
    return text;
  }

  #routeOf(context: ExecutionContext): RouteLimit | undefined {
    return this.routes.of({ handler: context.getHandler() as () => unknown, controller: context.getClass() as Type });
  }
}

const ALLOWED = Promise.resolve(true);

/** A call that passes the guard. */
interface GuardedCall {
  readonly context: ExecutionContext;
  readonly call: Call;
}

/** If a cost function returns nothing, the call must not get the default cost. The limiter checks the rest. */
function statedCost(value: unknown): number {
  if (value === undefined) throw new InvalidRequestError('cost', 'was not found in the call');
  return value as number;
}

async function refuse(call: Call, error: unknown): Promise<never> {
  throw await refusalTo(call, error);
}

function malformed(error: unknown): unknown {
  return error instanceof InvalidRequestError ? invalidRequest(error) : error;
}

/** Most resolvers return synchronously, and an `await` would delay each of them. */
function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
