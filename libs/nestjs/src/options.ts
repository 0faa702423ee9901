/** What a developer sets once, in `RollgateModule.forRoot` or `forRootAsync`. */
import type { ExecutionContext } from '@nestjs/common';
import type { Decision } from '@rollgate/contract';
import type { Limiter } from '@rollgate/limiter';

/** What a resolver may give: a number is counted as its text; `undefined`, `null` and blank text mean unresolved. */
export type SubjectValue = string | number | bigint | null | undefined;

/** Finds one dimension of the subject in a call. Whatever else it gives (a list, an object) is refused with 400. */
export type SubjectResolver = (context: ExecutionContext) => SubjectValue | Promise<SubjectValue>;

/** A resolver for each dimension, by its name in the catalogue: `bot`, `request_id`, `account`, `table`, any other. */
export type SubjectResolvers = Readonly<Record<string, SubjectResolver>>;

export interface RollgateOptions {
  /** Counts and decides. The module closes it when the application shuts down. */
  readonly limiter: Limiter;
  /** `false`: the limiter outlives the application, e.g. because two share it. `true` by default. */
  readonly closeLimiter?: boolean;
  /**
   * What happens at the start of the application while the limiter can not reach its database, or the database is not
   * prepared. `fail`, the default: the start fails with one line that says why. `wait`: the application starts, and guarded
   * calls get 503 with `Retry-After` until the limiter has reached its database.
   */
  readonly onStart?: 'fail' | 'wait';
  /**
   * Resolvers by dimension, over the defaults:
   * - `account`: `request.user.account`, as an authentication guard has set it. Never take it from what a client sends.
   * - `bot`, `request_id`, `table`: the route parameters `botId`, `requestId`, `tableName` (in a message, the field).
   */
  readonly subjects?: SubjectResolvers;
  /** How to ask for a custom limit: the `support` of the body of a denied call, e.g. a link. */
  readonly support?: string | ((decision: Decision, context: ExecutionContext) => string);
  /**
   * Takes requests for custom limits: `url` is the page or route where a customer asks, and every denial's `support` is a
   * link there, signed with `secret` (32 bytes or more), that tells what was denied. `support` goes before it.
   */
  readonly limitRequests?: { readonly url: string | (() => string); readonly secret: string };
  /** Also sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now) of the tightest window. Off by default. */
  readonly legacyHeaders?: boolean;
  /** Calls that are not limited at all. */
  readonly skip?: (context: ExecutionContext) => boolean | Promise<boolean>;
  /** Told of every decision, once, before the handler runs. What it throws is logged and changes nothing. */
  readonly onDecision?: (decision: Decision, context: ExecutionContext) => unknown;
}

/** For `useClass` and `useExisting`. */
export interface RollgateOptionsFactory {
  createRollgateOptions(): RollgateOptions | Promise<RollgateOptions>;
}
