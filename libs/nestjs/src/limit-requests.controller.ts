import {
  Body,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Post,
  type Type,
} from '@nestjs/common';
import type { LimitRequest } from '@rollgate/contract';
import { InvalidRequestError } from '@rollgate/limiter';
import { callOf } from './call.js';
import { CallerAccount } from './caller-account.js';
import { type ControllerPlace, controllerAt } from './controller-at.js';
import { CallerLimitRequests } from './limit-requests.js';
import { SkipRateLimit } from './rate-limit.decorator.js';
import { invalidRequest, problemException, refusalTo } from './refusals.js';

const CallContext = createParamDecorator((_data: unknown, context: ExecutionContext) => context);

/**
 * Handlers for limit requests. Extend it with your own `@Controller`, or use `limitRequestsController`. The handlers
 * are not rate limited, because their callers have usually just been denied.
 */
export abstract class LimitRequestsController {
  constructor(
    @Inject(CallerLimitRequests) protected readonly requests: CallerLimitRequests,
    @Inject(CallerAccount) protected readonly account: CallerAccount,
  ) {}

  /**
   * `POST { api | group, dimensions, perMinute, perHour, until, reason, denial }` files a limit request and returns it
   * with 201. Errors: 400 malformed, 401 no account, 403 a denial of another account, 404 unknown API, 409 too many
   * open requests, 503.
   */
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

  /** `GET` returns the account's own limit requests with their answers, newest first. Errors: 401, 503. */
  @Get()
  @SkipRateLimit()
  @Header('Cache-Control', 'no-store')
  async list(@CallContext() context: ExecutionContext): Promise<{ items: LimitRequest[] }> {
    return await this.#answering(context, async (account) => ({ items: await this.requests.list(account) }));
  }

  /** `GET /:id` returns one limit request of the account. Errors: 401, 404, 503. */
  @Get(':id')
  @SkipRateLimit()
  @Header('Cache-Control', 'no-store')
  async find(@CallContext() context: ExecutionContext, @Param('id') id: string): Promise<LimitRequest> {
    return await this.#answering(context, async (account) => {
      const found = /^[\w-]{1,64}$/.test(id) ? await this.requests.find(account, id) : undefined;
      if (found === undefined) throw problemException(new NotFoundException('There is no such limit request.'));
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

/**
 * The handlers of `LimitRequestsController` as a controller at `path`. `guards` must authenticate; leave them out if a
 * global guard does.
 */
export function limitRequestsController(place: ControllerPlace): Type<LimitRequestsController> {
  return controllerAt(LimitRequestsController, place);
}
