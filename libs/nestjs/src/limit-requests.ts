import { BadRequestException, ForbiddenException, HttpException, Inject, Injectable } from '@nestjs/common';
import { type LimitRequest, limitRequestSchema } from '@rollgate/contract';
import { InvalidRequestError, LimitRequestRefused, type LimitRequests } from '@rollgate/limiter';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { invalidRequest, limiterUnavailable, problemException } from './refusals.js';
import { type DeniedCall, SupportLinks } from './support-link.js';
import { Warnings } from './warnings.js';

export interface Asker {
  readonly account: string;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** A customer's requests for custom limits. Every method throws the HTTP exception that tells the caller. */
@Injectable()
export class CallerLimitRequests {
  /** Where `limitRequests` is set: makes and reads the support links of denied calls. */
  readonly links: SupportLinks | undefined;

  constructor(
    @Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions,
    private readonly warnings: Warnings,
  ) {
    this.links = options.limitRequests === undefined ? undefined : new SupportLinks(options.limitRequests);
  }

  /** `body` as a client sent it. What a denial's token tells fills in what the body leaves out. */
  async ask({ account, address, requestId }: Asker, body: unknown): Promise<LimitRequest> {
    const read = limitRequestSchema.safeParse(body ?? {});
    if (!read.success) {
      const [issue] = read.error.issues;
      throw invalidRequest(new InvalidRequestError(issue?.path.join('.') || 'body', issue?.message ?? 'is malformed'));
    }
    const { denial: token, ...wish } = read.data;
    const denial = token === undefined ? undefined : this.readDenial(token);
    if (denial !== undefined && denial.account !== account) {
      throw problemException(new ForbiddenException('The denial is another account’s.'));
    }
    const open = wish.api === undefined && wish.group === undefined;
    return await this.#asking((requests) =>
      requests.ask({
        account,
        address,
        requestId,
        ...wish,
        ...(denial !== undefined && open ? filledIn(denial) : {}),
        ...(denial === undefined ? {} : { denial: { id: denial.id, facts: { ...denial } } }),
      }),
    );
  }

  /** @throws 400 for a token that was not signed here or is too old. */
  readDenial(token: string): DeniedCall {
    const denial = this.links?.read(token);
    if (denial === undefined) {
      throw problemException(
        new BadRequestException('denial: is not the support link of a denied call, or is too old.'),
      );
    }
    return denial;
  }

  list(account: string): Promise<LimitRequest[]> {
    return this.#asking((requests) => requests.list(account));
  }

  /** undefined: the account has no such request. */
  find(account: string, id: string): Promise<LimitRequest | undefined> {
    return this.#asking((requests) => requests.find(account, id));
  }

  ofDenial({ account, id }: DeniedCall): Promise<LimitRequest | undefined> {
    return this.#asking((requests) => requests.ofDenial(account, id));
  }

  async #asking<T>(ask: (requests: LimitRequests) => Promise<T>): Promise<T> {
    const { requests } = this.options.limiter;
    if (requests === undefined) throw new Error('this limiter takes no limit requests: it counts in memory');
    try {
      return await ask(requests);
    } catch (error) {
      if (error instanceof InvalidRequestError) throw invalidRequest(error);
      if (error instanceof LimitRequestRefused) throw problemException(new HttpException(error.message, error.status));
      this.warnings.failed('a limit request', error);
      throw limiterUnavailable(error);
    }
  }
}

/** The subject that was denied, where it is a subject of its own. */
function filledIn({ api, dimensions }: DeniedCall) {
  const own = Object.keys(dimensions).length > 0 && !Object.values(dimensions).includes('*');
  return { api, ...(own ? { dimensions } : {}) };
}
