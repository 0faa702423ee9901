import { createParamDecorator, type ExecutionContext, Get, Header, Inject, Query, type Type } from '@nestjs/common';
import { callOf } from './call.js';
import { CallerUsage, type CallerUsagePage, type CallerUsageQuery } from './caller-usage.js';
import { type ControllerPlace, controllerAt } from './controller-at.js';
import { SkipRateLimit } from './rate-limit.decorator.js';
import { refusalTo } from './refusals.js';

const CallContext = createParamDecorator((_data: unknown, context: ExecutionContext) => context);

/** A handler that returns the caller's usage. Extend it with your own `@Controller`, or use `rateLimitsController`. */
export abstract class RateLimitsController {
  // Injected by token, because TypeScript emits no constructor types for a class without a decorator.
  constructor(@Inject(CallerUsage) protected readonly usage: CallerUsage) {}

  /**
   * `GET ?after=&limit=` returns the calling account's usage and limits, without spending units. Errors: 400, 401, 503.
   */
  @Get()
  @SkipRateLimit()
  @Header('Cache-Control', 'no-store')
  async list(@CallContext() context: ExecutionContext, @Query() query: CallerUsageQuery): Promise<CallerUsagePage> {
    try {
      return await this.usage.list(context, query);
    } catch (error) {
      throw await refusalTo(callOf(context), error);
    }
  }
}

/**
 * The handler of `RateLimitsController` as a controller at `path`; add it to a module's `controllers`. `guards` must
 * authenticate; leave them out if a global guard does.
 */
export function rateLimitsController(place: ControllerPlace): Type<RateLimitsController> {
  return controllerAt(RateLimitsController, place);
}
