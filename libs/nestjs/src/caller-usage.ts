import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { type Release, type SubjectUsage, WINDOW_SECONDS } from '@rollgate/contract';
import { InvalidRequestError, type UsagePage } from '@rollgate/limiter';
import { CallerAccount } from './caller-account.js';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { invalidRequest, limiterUnavailable } from './refusals.js';
import { Warnings } from './warnings.js';

const DEFAULT_ITEMS = 20;
const MAX_ITEMS = 100;
/** Longer than an account, an API and eight dimensions of 256 bytes with each byte written as `%XX`. */
const MAX_CURSOR_LENGTH = 8192;

/** One page of an account's usage. */
export interface CallerUsagePage {
  readonly account: string;
  /** Time of the usage by the limiter's clock, ISO 8601. By this instance's clock if there is no usage. */
  readonly at: string;
  /**
   * Each API and subject with units in the hour window. Releases of the hour are grouped by minute, at the end of each
   * minute.
   */
  readonly items: readonly SubjectUsage[];
  /** `after` of the next page; `null`: this is the last page. */
  readonly next: string | null;
}

/** The query as sent by a client. `after`: the `next` of a page. `limit`: 1 to 100 items, 20 by default. */
export interface CallerUsageQuery {
  readonly after?: unknown;
  readonly limit?: unknown;
}

/** Lists the usage and limits of an account without spending units. */
@Injectable()
export class CallerUsage {
  constructor(
    @Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions,
    private readonly account: CallerAccount,
    private readonly warnings: Warnings,
  ) {}

  /**
   * `caller`: the account, or the call in which the module's resolver finds it.
   *
   * @throws UnauthorizedException if there is no account, BadRequestException if the query is malformed,
   * ServiceUnavailableException if the limiter can't read usage
   */
  async list(caller: string | ExecutionContext, query: CallerUsageQuery = {}): Promise<CallerUsagePage> {
    try {
      const account = typeof caller === 'string' ? caller : await this.account.of(caller);
      const plan = typeof caller === 'string' ? undefined : await this.account.planOf(caller);
      return await this.#page(account, { after: cursor(query.after), limit: itemCount(query.limit), plan });
    } catch (error) {
      throw error instanceof InvalidRequestError ? invalidRequest(error) : error;
    }
  }

  async #page(
    account: string,
    query: { after: string; limit: number; plan: string | undefined },
  ): Promise<CallerUsagePage> {
    let page: UsagePage;
    try {
      page = await this.options.limiter.usage(account, query);
    } catch (error) {
      if (error instanceof InvalidRequestError) throw error;
      this.warnings.failed('the limiter', error);
      throw limiterUnavailable(error);
    }
    const items = page.items.map(byTheMinute);
    return { account, at: new Date(items[0]?.atMs ?? Date.now()).toISOString(), items, next: page.next };
  }
}

/**
 * Groups releases by minute, because 3,600 of them for a few subjects take a megabyte. Each group has the time of its
 * last release.
 */
function byTheMinute(usage: SubjectUsage): SubjectUsage {
  const releases: Release[] = [];
  let minute = -1;
  for (const { afterMs, units } of usage.windows.hour.releases) {
    const own = Math.floor(afterMs / (WINDOW_SECONDS.minute * 1000));
    const before = own === minute ? releases.pop() : undefined;
    releases.push({ afterMs, units: units + (before?.units ?? 0) });
    minute = own;
  }
  return { ...usage, windows: { ...usage.windows, hour: { ...usage.windows.hour, releases } } };
}

function cursor(after: unknown): string {
  if (after === undefined || after === '') return '';
  if (typeof after === 'string' && after.length <= MAX_CURSOR_LENGTH && after.isWellFormed() && !after.includes('\0'))
    return after;
  throw new InvalidRequestError('after', 'must be the `next` of a page');
}

function itemCount(limit: unknown): number {
  if (limit === undefined || limit === '') return DEFAULT_ITEMS;
  const count =
    typeof limit === 'number' || (typeof limit === 'string' && /^\d{1,3}$/.test(limit)) ? Number(limit) : Number.NaN;
  if (Number.isInteger(count) && count >= 1 && count <= MAX_ITEMS) return count;
  throw new InvalidRequestError('limit', `must be a whole number from 1 to ${MAX_ITEMS}`);
}
