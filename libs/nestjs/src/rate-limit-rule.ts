import type { ExecutionContext } from '@nestjs/common';
import type { SubjectResolvers } from './options.js';

/** Units that one call costs: a whole number from 1, or a function that finds it in the call. */
export type Cost = number | ((context: ExecutionContext) => number | Promise<number>);

/** What `@RateLimit` declares. */
export interface RateLimitRule {
  /** ID of the API in the catalogue, e.g. `publish-bot`. */
  readonly api: string;
  /** Units that one call costs: a number, or a function of the call, e.g. the rows of a bulk insert. Default: 1. */
  readonly cost?: Cost;
  /** Dimensions to count by, instead of the catalogue's. */
  readonly level?: readonly string[];
  /**
   * Resolvers of this route, which take precedence over the module's. Each must be for a dimension that the route
   * counts by.
   */
  readonly subjects?: SubjectResolvers;
}
