import {
  type DynamicModule,
  Global,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { KnownAccounts } from './known-accounts.service.js';
import { KnownApis } from './known-apis.service.js';
import { registerLimiterMetrics } from './limiter-metrics.js';
import { LIMITER } from './limiter-token.js';
import { type SignInLimits, signInCatalogue } from './staff-limits.js';

/** While the database is unavailable, a poll fails every second. */
const TELL_FAULTS_EVERY_MS = 30_000;

export interface LimitingOptions extends DatabaseAddress {
  /** Undefined: the limits of `DEFAULT_SIGN_IN_LIMITS`. */
  readonly signIn?: SignInLimits | undefined;
  readonly logger: Logger;
}

/** The limiter of the service: it limits sign-in, reports usage, and decides for programs that call over HTTP. */
@Global()
@Module({})
export class LimitingModule implements OnModuleInit, OnApplicationShutdown {
  static forRoot(options: LimitingOptions): DynamicModule {
    return {
      module: LimitingModule,
      providers: [{ provide: LIMITER, useFactory: () => serviceLimiter(options) }, KnownAccounts, KnownApis],
      exports: [LIMITER, KnownAccounts, KnownApis],
    };
  }

  constructor(
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(Registry) registry: Registry,
  ) {
    registerLimiterMetrics(registry, limiter);
  }

  /**
   * Runs before the service listens, so that it is ready at once. A limiter that can't reach its database logs that and
   * keeps trying; meanwhile `/readyz` returns 503 with the reason.
   */
  async onModuleInit(): Promise<void> {
    await this.limiter.start().catch(() => undefined);
  }

  /** Runs after the last response was sent. */
  async onApplicationShutdown(): Promise<void> {
    await this.limiter.close();
  }
}

function serviceLimiter({ databaseUrl, readDatabaseUrl, pooled = false, signIn, logger }: LimitingOptions): Limiter {
  return createPostgresLimiter({
    databaseUrl: readDatabaseUrl ?? databaseUrl,
    pooled,
    // Without `catalogue`: the service knows the APIs that applications have registered, and registers none.
    ownApis: signInCatalogue(signIn),
    // The service runs its own janitor, with metrics.
    janitor: false,
    // Sign-in and programs that call over HTTP can wait longer than a guarded call.
    budgetMs: 1_000,
    onReport: ({ topic, level, message }) => logger[level]({ topic }, message),
    onError: faultTeller(logger),
  });
}

function faultTeller(logger: Logger): (error: unknown) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - toldAt < TELL_FAULTS_EVERY_MS) return;
    toldAt = performance.now();
    logger.warn({ reason: (error as Error).message }, 'the limiter has a fault in the background');
  };
}
