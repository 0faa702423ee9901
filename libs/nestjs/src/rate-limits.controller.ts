import {
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  Inject,
  Query,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { callOf } from './call.js';
import { CallerUsage, type CallerUsagePage, type CallerUsageQuery } from './caller-usage.js';
import { SkipRateLimit } from './rate-limit.decorator.js';
import { refusalTo } from './refusals.js';

const CallContext = createParamDecorator((_data: unknown, context: ExecutionContext) => context);

/** The ready handler. Extend it with your own `@Controller`, or use `rateLimitsController`. */
export abstract class RateLimitsController {
  // By token: a class without a decorator of its own carries no types to inject by.
  constructor(@Inject(CallerUsage) protected readonly usage: CallerUsage) {}

  /** `GET ?after=&limit=`: the calling account's own limits, without spending. */
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
 * The ready handler as a controller: put it into a module's `controllers`. `guards` authenticate; none are needed where
 * global ones do.
 */
export function rateLimitsController({
  path,
  guards = [],
}: {
  path: string;
  guards?: readonly (Type<CanActivate> | CanActivate)[];
}): Type<RateLimitsController> {
  @Controller(path)
  @UseGuards(...guards)
  class CallerRateLimitsController extends RateLimitsController {}
  return CallerRateLimitsController;
}
