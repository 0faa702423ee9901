/** The options of `RollgateModule.forRoot` and `forRootAsync`. */
import type { ExecutionContext } from '@nestjs/common';
import type { Decision } from '@rollgate/contract';
import type { Limiter } from '@rollgate/limiter';

/** What a resolver may return. A number is counted as its text. `undefined`, `null` and blank text mean unresolved. */
export type SubjectValue = string | number | bigint | null | undefined;

/**
 * Finds the value of one dimension in a call. A call is rejected with 400 if the value has another type, such as a
 * list.
 */
export type SubjectResolver = (context: ExecutionContext) => SubjectValue | Promise<SubjectValue>;

/** Resolvers by the dimension's name in the catalogue: `account`, `bot`, `request_id`, `table`, or any other. */
export type SubjectResolvers = Readonly<Record<string, SubjectResolver>>;

export interface RollgateOptions {
  /** The limiter that decides calls. The module closes it when the application shuts down. */
  readonly limiter: Limiter;
  /** `false`: the module does not close the limiter, e.g. because two applications share it. Default: `true`. */
  readonly closeLimiter?: boolean;
  /**
   * What happens if, at the start of the application, the limiter can't reach its database or the database is not
   * migrated. `fail`, the default: the start fails with a one-line reason. `wait`: the application starts, and guarded
   * calls are answered with 503 and `Retry-After` until the limiter reaches its database.
   */
  readonly onStart?: 'fail' | 'wait';
  /**
   * Resolvers by dimension. They take precedence over the defaults:
   * - `account`: `request.user.account`, as set by an authentication guard. Never take it from what a client sends.
   * - `bot`, `request_id`, `table`: the route parameters `botId`, `requestId`, `tableName`, or the message
   *   fields of that name.
   */
  readonly subjects?: SubjectResolvers;
  /**
   * Finds the plan of the call's account on its verified identity, e.g. `({ user }) => user.plan` of the request. It
   * applies to accounts that have no assigned plan. `undefined`, `null` and blank text mean no plan; a plan that does
   * not exist is reported once, and the default limits apply. Never take it from what a client sends.
   */
  readonly plan?: SubjectResolver;
  /** The `support` text in the body of a denied call: how to get a custom limit, e.g. a link. */
  readonly support?: string | ((decision: Decision, context: ExecutionContext) => string);
  /**
   * Accepts limit requests. `url` is the page or route where a customer files one. The `support` of every denial is
   * then a link to it that describes the denial, signed with `secret` (at least 32 bytes). The option `support` takes
   * precedence.
   */
  readonly limitRequests?: { readonly url: string | (() => string); readonly secret: string };
  /**
   * Also send `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now) of the tightest window. Default:
   * `false`.
   */
  readonly legacyHeaders?: boolean;
  /** Returns `true` for calls that are not limited. */
  readonly skip?: (context: ExecutionContext) => boolean | Promise<boolean>;
  /**
   * Called once with each decision, before the handler runs. Errors that it throws are logged and otherwise ignored.
   */
  readonly onDecision?: (decision: Decision, context: ExecutionContext) => unknown;
}

/** A provider of the options, for `useClass` and `useExisting` of `forRootAsync`. */
export interface RollgateOptionsFactory {
  createRollgateOptions(): RollgateOptions | Promise<RollgateOptions>;
}
