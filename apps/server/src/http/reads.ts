/**
 * What a route shows of accounts. `@Route` states it, the access log records it, and a test checks that no route that takes
 * an account leaves it out. Exports need no statement: each of them is recorded.
 */
import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export type Reads =
  /** One account: `account` of the path, the query or the body. */
  | 'account'
  /** Rows of one account: `account` of the query. Without that filter nothing is recorded. */
  | 'list'
  /** One item, whose account is in the answer. */
  | { readonly accountOf: (answer: never) => string }
  | { readonly notRecordedBecause: string };

/** What the access log needs to know of a route. */
export interface ReadRoute {
  /** The operation's name. */
  readonly id: string;
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly reads?: Reads | undefined;
}

export const READ_ROUTE = Symbol('rollgate:readRoute');

export const ReadRouteOf = (route: ReadRoute): MethodDecorator => SetMetadata(READ_ROUTE, route);
