import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Limiter } from '@rollgate/limiter';
import { CallerAccount } from './caller-account.js';
import { CallerUsage } from './caller-usage.js';
import { GuardCheck } from './guard-check.js';
import { RollgateHealth } from './health.js';
import { CallerLimitRequests } from './limit-requests.js';
import { LimiterStart } from './limiter-start.js';
import { MarkedRoutes } from './marked-routes.js';
import { ConfigurableModuleClass, ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RouteLimits } from './route-limits.js';
import { Warnings } from './warnings.js';

const shared = [
  MarkedRoutes,
  RouteLimits,
  Warnings,
  CallerAccount,
  CallerUsage,
  CallerLimitRequests,
  RateLimitGuard,
  RollgateHealth,
];

/**
 * Rate limits for an application. Provides `RateLimitGuard` for `@RateLimit` handlers, and `CallerUsage`,
 * `CallerLimitRequests`, `RollgateHealth` and the `Limiter` for injection. The module is global unless `isGlobal` is
 * `false`.
 *
 * - `forRoot(options)` takes `RollgateOptions`.
 * - `forRootAsync({ imports, inject, useFactory })` takes a factory, or a `RollgateOptionsFactory` as `useClass` or
 *   `useExisting`.
 *
 * The application does not start if a `@RateLimit` can't be enforced (`RateLimitSetupError`), or if the limiter can't
 * reach its database (`LimiterStartError`) and `onStart` is not `wait`. At shutdown the module closes the limiter after
 * the last request, unless `closeLimiter` is `false`.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    GuardCheck,
    ...shared,
    LimiterStart,
    { provide: Limiter, useFactory: ({ limiter }: RollgateOptions) => limiter, inject: [ROLLGATE_OPTIONS] },
  ],
  exports: [...shared, Limiter, ROLLGATE_OPTIONS],
})
export class RollgateModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.options.closeLimiter !== false) await this.options.limiter.close();
  }
}
