/** Logs a warning at the start for each decorator that no guard enforces. */
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { type MarkedRoute, MarkedRoutes } from './marked-routes.js';
import { RateLimitGuard } from './rate-limit.guard.js';

/**
 * Metadata key of `@UseGuards`, which Nest does not export. If it changed, the warnings below would be wrong, with no
 * other effect.
 */
const GUARDS = '__guards__';

@Injectable()
export class GuardCheck implements OnApplicationBootstrap {
  readonly #logger = new Logger('Rollgate');

  constructor(
    private readonly marked: MarkedRoutes,
    private readonly application: ApplicationConfig,
    private readonly adapter: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    const limited = this.marked.all().filter(({ mark }) => 'limited' in mark);
    const unguarded = limited.filter((route) => !hasGuard(route));
    const foreign = limited.filter(({ kind }) => kind === 'unknown');
    if (!this.#hasGlobalGuard()) {
      this.#warn(
        '@RateLimit limits nothing without RateLimitGuard, unless a guard of yours calls it. A @UseGuards below a ' +
          'decorator that replaces the method is lost, too',
        unguarded,
      );
    } else if (this.adapter.httpAdapter) {
      this.#warn(
        'global guards do not run for the messages of a hybrid application, unless connectMicroservice() is called with ' +
          '{ inheritAppConfig: true }. Add @UseGuards(RateLimitGuard)',
        unguarded.filter(({ kind }) => kind === 'rpc'),
      );
    }
    this.#warn('@RateLimit limits nothing where Nest runs no guards, and Rollgate does not know what calls', foreign);
  }

  #hasGlobalGuard(): boolean {
    const perRequest = this.application.getGlobalRequestGuards().map(({ metatype }) => metatype);
    return [...this.application.getGlobalGuards(), ...perRequest].some(limits);
  }

  #warn(what: string, routes: readonly MarkedRoute[]): void {
    if (routes.length > 0) this.#logger.warn(`${what}: ${routes.map(({ route }) => route).join(', ')}`);
  }
}

function hasGuard({ targets }: MarkedRoute): boolean {
  return targets.some((target) => ((Reflect.getMetadata(GUARDS, target) as unknown[] | undefined) ?? []).some(limits));
}

/** Whether a guard, given as a class or an instance, is `RateLimitGuard` or a subclass. */
function limits(guard: unknown): boolean {
  if (typeof guard !== 'function') return guard instanceof RateLimitGuard;
  return guard === RateLimitGuard || guard.prototype instanceof RateLimitGuard;
}
