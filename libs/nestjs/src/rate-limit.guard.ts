/**
 * Resolves the subject of a call, requests a decision, and sets header fields. Only here does a denial become an
 * exception.
 *
 * Invariant: a limited call is either counted or rejected. If anything can't be resolved, decided or stored, the call
 * is never let through uncounted.
 */
import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import type { Decision } from '@rollgate/contract';
import { type AcquireRequest, InvalidRequestError } from '@rollgate/limiter';
import { type Call, callOf } from './call.js';
import { decideOnce } from './decided-calls.js';
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

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const call = callOf(context);
    try {
      return await this.#enforce(context, call);
    } catch (error) {
      throw await refusalTo(call, error);
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

  async #enforce(context: ExecutionContext, call: Call): Promise<boolean> {
    const route = this.#routeOf(context);
    if (!route) return true;
    const skip = this.shouldSkip(context);
    if (isPromise(skip) ? await skip : skip) return true;
    const decision = await decideOnce({ call: call.identity, limit: route.id }, () =>
      this.#decide(route, { context, call }),
    );
    if (decision.allowed) return true;
    await this.onDenied(decision, context);
    return false;
  }

  async #decide(route: RouteLimit, { context, call }: { context: ExecutionContext; call: Call }): Promise<Decision> {
    const decision = await this.#acquire(route, { context, call });
    const fields = headerFields(decision, { legacy: this.options.legacyHeaders ?? false });
    for (const [name, value] of fields) call.headers.set(name, value);
    call.headers.expose(fields.map(([name]) => name));
    try {
      const heard = this.options.onDecision?.(decision, context);
      if (isPromise(heard)) await heard;
    } catch (error) {
      this.warnings.failed('onDecision', error);
    }
    return decision;
  }

  async #acquire(route: RouteLimit, { context, call }: { context: ExecutionContext; call: Call }): Promise<Decision> {
    const api = route.entry.id;
    try {
      const found = this.resolveSubject(ACCOUNT, context);
      const account = subjectText(ACCOUNT, isPromise(found) ? await found : found);
      if (account === undefined) {
        this.warnings.once(
          `${api}: calls without an account are rejected. The guard that authenticates must come before RateLimitGuard`,
        );
        throw unknownAccount();
      }
      const asked = this.costOf(context);
      const cost = isPromise(asked) ? await asked : asked;
      // If a cost function returns nothing, the call must not get the default cost.
      if (cost === undefined) throw new InvalidRequestError('cost', 'was not found in the call');
      const dimensions: Record<string, string | undefined> = {};
      for (const dimension of route.dimensions) {
        const sent = this.resolveSubject(dimension, context);
        dimensions[dimension] = this.#dimension(dimension, { api, value: isPromise(sent) ? await sent : sent });
      }
      const stated = this.resolvePlan(context);
      const plan = subjectText('plan', isPromise(stated) ? await stated : stated);
      const request = { account, api, dimensions, cost, plan, route: call.route, requestId: call.requestId };
      return await this.#ask(route.level ? { ...request, level: route.level } : request);
    } catch (error) {
      throw error instanceof InvalidRequestError ? invalidRequest(error) : error;
    }
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

  async #ask(request: AcquireRequest): Promise<Decision> {
    try {
      return await this.options.limiter.acquire(request);
    } catch (error) {
      if (error instanceof InvalidRequestError) throw error;
      this.warnings.failed('the limiter', error);
      throw limiterUnavailable(error);
    }
  }

  #routeOf(context: ExecutionContext): RouteLimit | undefined {
    return this.routes.of({ handler: context.getHandler() as () => unknown, controller: context.getClass() as Type });
  }
}

/** Most resolvers return synchronously, and an `await` would delay each of them. */
function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
