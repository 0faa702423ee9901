/** Decisions over HTTP, for programs that do not run on Node.js. They use the same limiter and the same counts. */
import { Body, Controller, HttpException, Inject, Post } from '@nestjs/common';
import { didYouMean, MAX_UNITS } from '@rollgate/contract';
import { type AcquireRequest, InvalidRequestError, type Limiter } from '@rollgate/limiter';
import type { Logger } from 'pino';
import { z } from 'zod';
import { problem } from '../http/problem.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { KnownApis } from '../limiting/known-apis.service.js';
import { LIMITER } from '../limiting/limiter-token.js';
import { LOGGER } from '../logging/logger.js';

const ask = z.strictObject({
  /** The tenant, as verified by the calling program. */
  account: z.string().max(1_024),
  api: z.string().max(64),
  dimensions: z.record(z.string().max(32), z.string().max(1_024)).optional(),
  cost: z.int().min(1).max(MAX_UNITS).default(1),
  /** The account's plan, as verified by the calling program; applies if no plan is assigned to the account. */
  plan: z.string().max(128).optional(),
  route: z.string().max(256).optional(),
  /** HTTP request ID of the call at the calling program. */
  requestId: z.string().max(128).optional(),
});

const windowSchema = z.object({
  limit: z.int(),
  used: z.int(),
  remaining: z.int(),
  resetAfterMs: z.number().nullable(),
});

const decisionSchema = z.object({
  id: z.string(),
  allowed: z.boolean(),
  account: z.string(),
  api: z.string(),
  group: z.string(),
  subject: z.string(),
  cost: z.int(),
  windows: z.object({ minute: windowSchema, hour: windowSchema }),
  violated: z.array(z.enum(['minute', 'hour'])),
  deniedBy: z.enum(['minute', 'hour']).nullable(),
  retryAfterMs: z.number().nullable(),
  source: z.string(),
  mode: z.string(),
  decidedAtMs: z.number(),
  /** If denied: the message for the caller. */
  message: z.string().nullable(),
});

@Controller('api/decisions')
export class DecisionsController {
  /** The catalogue bounds their number. */
  readonly #warned = new Set<string>();

  constructor(
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(KnownApis) private readonly apis: KnownApis,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @Route({
    id: 'decide',
    summary: 'Ask for units in both windows, all or nothing. A denial is an answer (200), not an error',
    access: { permission: 'decisions.write' },
    body: ask,
    response: decisionSchema,
    example: {
      id: 'n3Jk2-1a.1',
      allowed: false,
      account: 'acme',
      api: 'publish-bot',
      group: 'bot-definition',
      subject: 'acme/publish-bot/bot=b-17',
      cost: 1,
      windows: {
        minute: { limit: 60, used: 60, remaining: 0, resetAfterMs: 12_000 },
        hour: { limit: 1800, used: 612, remaining: 1188, resetAfterMs: 40_000 },
      },
      violated: ['minute'],
      deniedBy: 'minute',
      retryAfterMs: 12_000,
      source: 'default',
      mode: 'enforced',
      decidedAtMs: 1_772_441_998_000,
      message: 'Rate limit for this API has been reached. Please try again after some time.',
    },
    errors: [404, 422],
  })
  async decide(@Body(validated(ask)) asked: z.output<typeof ask>): Promise<unknown> {
    const request = given(asked);
    // The service's own sign-in limits are not available to programs.
    const entry = await this.#asking(() => this.apis.find(request.api));
    if (entry === undefined) throw this.#unknownApi(request.api);
    this.#warnOfUnresolved(request, entry.level);
    const { limits } = await this.#asking(() => this.limiter.limitsOf(request));
    const most = Math.min(limits.perMinute, limits.perHour);
    if (most > 0 && request.cost > most) {
      throw new HttpException(
        problem(422, `This call costs ${request.cost} units and can never succeed: the limit is ${most}.`),
        422,
      );
    }
    const decision = await this.#asking(() => this.limiter.acquire(request));
    return { ...decision, message: decision.allowed ? null : entry.message };
  }

  /** A program that leaves out a dimension counts all its calls together: logged once for each API and dimension. */
  #warnOfUnresolved({ api, dimensions = {} }: AcquireRequest, level: readonly string[]): void {
    for (const dimension of level) {
      if (dimension === 'account' || Object.hasOwn(dimensions, dimension)) continue;
      const key = `${api} ${dimension}`;
      if (this.#warned.has(key)) continue;
      this.#warned.add(key);
      this.logger.warn(
        { api, dimension },
        'a call had no value for a dimension, so it counts in the account’s shared subject',
      );
    }
  }

  #unknownApi(api: string): HttpException {
    const nearest = this.apis.nearest(api);
    return new HttpException(
      { ...problem(404, `There is no API "${api}"${didYouMean(nearest) || '.'}`), nearest },
      404,
    );
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof InvalidRequestError) throw invalid(error);
      throw new HttpException(problem(503, 'The limit can not be checked at the moment. Please try again.'), 503, {
        cause: error,
      });
    }
  }
}

function invalid({ field, message, nearest }: InvalidRequestError): HttpException {
  const errors = [{ field, message: message.slice(field.length + 2) }];
  return new HttpException({ ...problem(400, message), errors, ...(nearest.length > 0 ? { nearest } : {}) }, 400);
}

/** Removes properties that are undefined. */
function given({
  account,
  api,
  cost,
  dimensions,
  plan,
  route,
  requestId,
}: z.output<typeof ask>): AcquireRequest & { cost: number } {
  return {
    account,
    api,
    cost,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(plan === undefined ? {} : { plan }),
    ...(route === undefined ? {} : { route }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
