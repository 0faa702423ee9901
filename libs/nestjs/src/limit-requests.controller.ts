import {
  Body,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import type { LimitRequest } from '@rollgate/contract';
import { InvalidRequestError } from '@rollgate/limiter';
import { callOf } from './call.js';
import { CallerAccount } from './caller-account.js';
import { CallerLimitRequests } from './limit-requests.js';
import { SkipRateLimit } from './rate-limit.decorator.js';
import { invalidRequest, problemException, refusalTo } from './refusals.js';

const CallContext = createParamDecorator((_data: unknown, context: ExecutionContext) => context);

/** The ready handlers. Extend it with your own `@Controller`, or use `limitRequestsController`. Not limited: who asks is denied elsewhere. */
export abstract class LimitRequestsController {
  constructor(
    @Inject(CallerLimitRequests) protected readonly requests: CallerLimitRequests,
    @Inject(CallerAccount) protected readonly account: CallerAccount,
  ) {}

  /** `POST { api | group, dimensions, perMinute, perHour, until, reason, denial }`: asks for a custom limit. */
  @Post()
  @SkipRateLimit()
  async ask(@CallContext() context: ExecutionContext, @Body() body: unknown): Promise<LimitRequest> {
    return await this.#answering(context, async (account) => {
      const { ip, id } = context.switchToHttp().getRequest<{ ip?: unknown; id?: unknown }>();
      const address = typeof ip === 'string' ? ip : undefined;
      const requestId = typeof id === 'string' ? id : undefined;
      return await this.requests.ask({ account, address, requestId }, body);
    });
  }

  /** `GET`: the account's own requests with their answers, newest first. */
  @Get()
  @SkipRateLimit()
  @Header('Cache-Control', 'no-store')
  async list(@CallContext() context: ExecutionContext): Promise<{ items: LimitRequest[] }> {
    return await this.#answering(context, async (account) => ({ items: await this.requests.list(account) }));
  }

  /** `GET /:id` */
  @Get(':id')
  @SkipRateLimit()
  @Header('Cache-Control', 'no-store')
  async find(@CallContext() context: ExecutionContext, @Param('id') id: string): Promise<LimitRequest> {
    return await this.#answering(context, async (account) => {
      const found = /^[\w-]{1,64}$/.test(id) ? await this.requests.find(account, id) : undefined;
      if (found === undefined) throw problemException(new NotFoundException('There is no such request.'));
      return found;
    });
  }

  async #answering<T>(context: ExecutionContext, answer: (account: string) => Promise<T>): Promise<T> {
    try {
      return await answer(await this.account.of(context));
    } catch (error) {
      throw await refusalTo(callOf(context), error instanceof InvalidRequestError ? invalidRequest(error) : error);
    }
  }
}

/** The ready handlers as a controller. `guards` authenticate; none are needed where global ones do. */
export function limitRequestsController({
  path,
  guards = [],
}: {
  path: string;
  guards?: readonly (Type<CanActivate> | CanActivate)[];
}): Type<LimitRequestsController> {
  @Controller(path)
  @UseGuards(...guards)
  class CallerLimitRequestsController extends LimitRequestsController {}
  return CallerLimitRequestsController;
}
