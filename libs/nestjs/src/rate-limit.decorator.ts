import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { SubjectResolvers } from './options.js';

/** Units one call asks for. */
export type Cost = number | ((context: ExecutionContext) => number | Promise<number>);

export interface RateLimitRule {
  /** Catalogue id, e.g. `publish-bot`. */
  readonly api: string;
  /** Units one call asks for, 1 by default: a number, or found in the call, e.g. the rows of a bulk insert. */
  readonly cost?: Cost;
  /** Counts by these dimensions instead of the catalogue's. */
  readonly level?: readonly string[];
  /** Resolvers of this route, over the module's. */
  readonly subjects?: SubjectResolvers;
}

/** What stands at a handler or a class. */
export type RouteMark = { readonly limited: RateLimitRule } | { readonly skipped: true };

/** One key for both decorators: what stands at the handler wins over the class, whichever of the two it is. */
export const ROUTE_MARK = 'rollgate:route';

/**
 * Limits a handler, or every handler of a class, by an API of the catalogue. A handler's own decorator wins over its
 * class's. Takes effect where `RateLimitGuard` guards.
 *
 * The application does not start when the API is unknown, or when a dimension of its level has no resolver.
 *
 * @throws Error when the same handler or class is already marked.
 */
export function RateLimit(rule: string | RateLimitRule): ClassDecorator & MethodDecorator {
  return mark({ limited: typeof rule === 'string' ? { api: rule } : rule });
}

/**
 * Leaves a handler, or a class, unlimited. A `@RateLimit` at a handler still wins over this at its class.
 *
 * @throws Error when the same handler or class is already marked.
 */
export function SkipRateLimit(): ClassDecorator & MethodDecorator {
  return mark({ skipped: true });
}

function mark(value: RouteMark): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: { value?: unknown }) => {
    // A handler's metadata belongs to its function, where guards look.
    const marked = (key === undefined ? target : descriptor?.value) as object;
    // Own metadata only: a subclass may mark itself otherwise than its base.
    if (Reflect.hasOwnMetadata(ROUTE_MARK, marked)) {
      const name = key === undefined ? (target as Type).name : `${target.constructor.name}.${String(key)}`;
      throw new Error(`${name}: one @RateLimit or @SkipRateLimit at most`);
    }
    Reflect.defineMetadata(ROUTE_MARK, value, marked);
  };
}
