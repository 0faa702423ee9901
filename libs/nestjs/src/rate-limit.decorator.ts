import type { ExecutionContext } from '@nestjs/common';
import type { SubjectResolvers } from './options.js';
import { type RouteMark, setRouteMark } from './route-marks.js';

/** Units one call asks for. */
export type Cost = number | ((context: ExecutionContext) => number | Promise<number>);

export interface RateLimitRule {
  /** Catalogue id, e.g. `publish-bot`. */
  readonly api: string;
  /** Units one call asks for, 1 by default: a number, or found in the call, e.g. the rows of a bulk insert. */
  readonly cost?: Cost;
  /** Counts by these dimensions instead of the catalogue's. */
  readonly level?: readonly string[];
  /** Resolvers of this route, over the module's. Each must be for a dimension of the level. */
  readonly subjects?: SubjectResolvers;
}

/**
 * Limits a handler, or every handler of a class, by an API of the catalogue. A handler's own decorator wins over its
 * class's. Takes effect where `RateLimitGuard` guards. Its place among other decorators does not matter: it is found by
 * class and method name, also where a decorator above it replaces the method. A method that overrides a decorated one
 * keeps its limit, unless it has a decorator of its own.
 *
 * The application does not start when the API or a dimension is unknown, when a dimension of the level has no resolver,
 * or when the method is no handler that guards run for.
 *
 * @throws Error when the same handler or class is already marked, or when it stands at anything but a class or a method.
 */
export function RateLimit(rule: string | RateLimitRule): ClassDecorator & MethodDecorator {
  return mark({ limited: typeof rule === 'string' ? { api: rule } : rule });
}

/**
 * Leaves a handler, or a class, unlimited. A `@RateLimit` at a handler still wins over this at its class.
 *
 * @throws Error when the same handler or class is already marked, or when it stands at anything but a class or a method.
 */
export function SkipRateLimit(): ClassDecorator & MethodDecorator {
  return mark({ skipped: true });
}

function mark(value: RouteMark): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: { value?: unknown }) =>
    key === undefined ? setRouteMark(target, value) : setRouteMark(target, value, { key, value: descriptor?.value });
}
