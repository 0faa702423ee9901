import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { openPool } from '../../database/open-pool.js';
import { BackgroundTask } from '../background-task.js';
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

/** Adds up usage by hour and by day. */
@Module({})
export class RollUpModule extends BackgroundTask {
  constructor(rollUp: RollUp, @Inject(POOL) pool: pg.Pool) {
    super(rollUp, pool);
  }

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
