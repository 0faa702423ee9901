import { BadRequestException, ForbiddenException, HttpException, Inject, Injectable } from '@nestjs/common';
import { type LimitRequest, limitRequestSchema } from '@rollgate/contract';
import { InvalidRequestError, LimitRequestRefused, type LimitRequests, PostgresLimiter } from '@rollgate/limiter';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { invalidRequest, limiterUnavailable, problemException } from './refusals.js';
import { type DeniedCall, SupportLinks } from './support-link.js';
import { Warnings } from './warnings.js';

/** The account that files a limit request, and where the request came from. */
export interface Asker {
  readonly account: string;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/**
 * Limit requests of a customer. Every method throws an HTTP exception with a problem body, including 503 if the
 * database is away.
 */
@Injectable()
export class CallerLimitRequests {
  /** Creates and reads the support links of denied calls; `undefined`: the option `limitRequests` is not set. */
  readonly links: SupportLinks | undefined;

  constructor(
    @Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions,
    private readonly warnings: Warnings,
  ) {
    this.links = options.limitRequests === undefined ? undefined : new SupportLinks(options.limitRequests);
  }

  /**
   * Files a limit request. `body` is what the client sent. If it names no API or group, they are taken from its denial.
   * @throws 400 malformed, 403 a denial of another account, 404 unknown API, 409 too many open requests, 503
   */
  async ask({ account, address, requestId }: Asker, body: unknown): Promise<LimitRequest> {
    const read = limitRequestSchema.safeParse(body ?? {});
    if (!read.success) {
      const [issue] = read.error.issues;
      throw invalidRequest(new InvalidRequestError(issue?.path.join('.') || 'body', issue?.message ?? 'is malformed'));
    }
    const { denial: token, ...wish } = read.data;
    const denial = token === undefined ? undefined : this.readDenial(token);
    if (denial !== undefined && denial.account !== account) {
      throw problemException(new ForbiddenException('The denial belongs to another account.'));
    }
    const open = wish.api === undefined && wish.group === undefined;
    return await this.#asking((requests) =>
      requests.file({
        account,
        address,
        requestId,
        ...wish,
        ...(denial !== undefined && open ? filledIn(denial) : {}),
        ...(denial === undefined ? {} : { denial: { id: denial.id, facts: { ...denial } } }),
      }),
    );
  }

  /** @throws 400 if the token was not signed with the secret, or is too old */
  readDenial(token: string): DeniedCall {
    const denial = this.links?.read(token);
    if (denial === undefined) {
      throw problemException(new BadRequestException('denial: the support link is invalid or older than 30 days.'));
    }
    return denial;
  }

  /** The account's limit requests, newest first. */
  list(account: string): Promise<LimitRequest[]> {
    return this.#asking((requests) => requests.list(account));
  }

  /** One limit request by its id; `undefined`: the account has none with that id. */
  find(account: string, id: string): Promise<LimitRequest | undefined> {
    return this.#asking((requests) => requests.find(account, id));
  }

  /** The limit request filed for a denial; `undefined`: there is none. */
  ofDenial({ account, id }: DeniedCall): Promise<LimitRequest | undefined> {
    return this.#asking((requests) => requests.ofDenial(account, id));
  }

  async #asking<T>(ask: (requests: LimitRequests) => Promise<T>): Promise<T> {
    const { limiter } = this.options;
    if (!(limiter instanceof PostgresLimiter))
      throw new Error('this limiter takes no limit requests: it counts in memory');
    try {
      return await ask(limiter.limitRequests);
    } catch (error) {
      if (error instanceof InvalidRequestError) throw invalidRequest(error);
      if (error instanceof LimitRequestRefused) throw problemException(new HttpException(error.message, error.status));
      this.warnings.failed('a limit request', error);
      throw limiterUnavailable(error);
    }
  }
}

/** The API that was denied, with its dimensions unless the call counted under a shared subject. */
function filledIn({ api, dimensions }: DeniedCall) {
  const own = Object.keys(dimensions).length > 0 && !Object.values(dimensions).includes('*');
  return { api, ...(own ? { dimensions } : {}) };
}
