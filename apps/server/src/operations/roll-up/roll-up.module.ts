import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { openPool } from '../../database/open-pool.js';
import { RollUp } from './roll-up.js';
import { RollUpMetrics } from './roll-up-metrics.js';

export interface RollUpModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  /** How long usage by hour is kept, in days. */
  readonly keepDays: number | undefined;
  /** How long finished minutes are kept. */
  readonly keepSeconds: number | undefined;
}

const POOL = Symbol('ROLL_UP_POOL');

/** Starts and stops with the service; stopping takes at most one short step. */
@Module({})
export class RollUpModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly rollUp: RollUp,
    @Inject(POOL) private readonly pool: pg.Pool,
  ) {}

  static forRoot(options: RollUpModuleOptions): DynamicModule {
    return {
      module: RollUpModule,
      providers: [
        { provide: POOL, useFactory: () => openRollUpPool(options) },
        {
          provide: RollUp,
          inject: [POOL, Registry],
          useFactory: (pool: pg.Pool, registry: Registry) =>
            createRollUp({ ...options, pool, metrics: new RollUpMetrics(registry) }),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.rollUp.start();
  }

  /** Called while requests still drain, so that the shutdown need not wait for it afterwards. */
  beforeApplicationShutdown(): void {
    this.#stopped = this.rollUp.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stopped;
    await this.pool.end();
  }
}

function openRollUpPool(options: RollUpModuleOptions): pg.Pool {
  // A step takes about 100 ms. One page of a very large account may take seconds on a slow disk.
  return openPool({ ...options, name: 'rollgate-roll-up', connectTimeoutMs: 3_000, queryTimeoutMs: 60_000 });
}

function createRollUp(options: RollUpModuleOptions & { pool: pg.Pool; metrics: RollUpMetrics }): RollUp {
  const { pool, metrics, logger, keepDays, keepSeconds } = options;
  return new RollUp({
    pool,
    keepDays,
    keepSeconds,
    onPass: (pass) => metrics.passed(pass),
    onError: (error) => {
      metrics.failed();
      logger.warn({ reason: error.message }, 'adding up usage by hour failed');
    },
  });
}
