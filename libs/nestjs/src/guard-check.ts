/** A decorator that no guard enforces limits nothing, and looks as if it did. */
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RouteLimits } from './route-limits.js';

/** The key of `@UseGuards`. Nest has no public name for it; were it to change, the warning below would be wrong, no more. */
const GUARDS = '__guards__';

@Injectable()
export class GuardCheck implements OnApplicationBootstrap {
  readonly #logger = new Logger('Rollgate');

  constructor(
    private readonly routes: RouteLimits,
    private readonly application: ApplicationConfig,
  ) {}

  onApplicationBootstrap(): void {
    const perRequest = this.application.getGlobalRequestGuards().map(({ metatype }) => metatype);
    if ([...this.application.getGlobalGuards(), ...perRequest].some(limits)) return;
    const unguarded = this.routes.marks().filter(({ mark, targets }) => {
      const guards = targets.flatMap((target) => (Reflect.getMetadata(GUARDS, target) as unknown[] | undefined) ?? []);
      return 'limited' in mark && !guards.some(limits);
    });
    if (unguarded.length === 0) return;
    const routes = unguarded.map(({ route }) => route).join(', ');
    this.#logger.warn(`@RateLimit limits nothing without RateLimitGuard, unless a guard of yours calls it: ${routes}`);
  }
}

/** Whether a guard, given as a class or an instance, is ours or extends it. */
function limits(guard: unknown): boolean {
  if (typeof guard !== 'function') return guard instanceof RateLimitGuard;
  return guard === RateLimitGuard || guard.prototype instanceof RateLimitGuard;
}
