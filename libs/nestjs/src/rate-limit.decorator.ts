import type { RateLimitRule } from './rate-limit-rule.js';
import { type RouteMark, setRouteMark } from './route-marks.js';

/**
 * Applies the limits of an API of the catalogue to a handler, or to every handler of a class. A handler's own decorator
 * takes precedence over its class's. `RateLimitGuard` enforces it. The order of decorators does not matter: the limit
 * is stored by class and method name, so a decorator above may replace the method. A method that overrides a decorated
 * one keeps the limit, unless it has a decorator of its own.
 *
 * The application does not start (`RateLimitSetupError`) if the API or a dimension is unknown, if a dimension has no
 * resolver, or if Nest runs no guards for the method.
 *
 * @throws Error if the target already has one of the two decorators, or is not a class or a method
 */
export function RateLimit(rule: string | RateLimitRule): ClassDecorator & MethodDecorator {
  return mark({ limited: typeof rule === 'string' ? { api: rule } : rule });
}

/**
 * Excludes a handler, or a class, from limits. `@RateLimit` on a handler takes precedence over `@SkipRateLimit` on its
 * class.
 *
 * @throws Error if the target already has one of the two decorators, or is not a class or a method
 */
export function SkipRateLimit(): ClassDecorator & MethodDecorator {
  return mark({ skipped: true });
}

function mark(value: RouteMark): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: { value?: unknown }) =>
    key === undefined ? setRouteMark(target, value) : setRouteMark(target, value, { key, value: descriptor?.value });
}
