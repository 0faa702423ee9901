import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { openPool } from '../../database/open-pool.js';
import { BackgroundTask } from '../background-task.js';
import { JanitorMetrics } from './janitor-metrics.js';
import { MeasuredJanitor } from './measured-janitor.js';

export interface JanitorModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  readonly keepSeconds: number | undefined;
  /** Time between two passes. */
  readonly everyMs: number | undefined;
}

const POOL = Symbol('JANITOR_POOL');

/** Removes idle subjects and old minutes. */
@Module({})
export class JanitorModule extends BackgroundTask {
  constructor(janitor: MeasuredJanitor, @Inject(POOL) pool: pg.Pool) {
    super(janitor, pool);
  }

  static forRoot(options: JanitorModuleOptions): DynamicModule {
    return {
      module: JanitorModule,
      providers: [
        { provide: POOL, useFactory: () => openJanitorPool(options) },
        {
          provide: MeasuredJanitor,
          inject: [POOL, Registry],
          useFactory: (pool: pg.Pool, registry: Registry) =>
            createJanitor({ ...options, pool, metrics: new JanitorMetrics(registry) }),
        },
      ],
    };
  }
}

function openJanitorPool(options: JanitorModuleOptions): pg.Pool {
  // A step takes some milliseconds: one that takes this long will not finish.
  return openPool({ ...options, name: 'rollgate-janitor', connectTimeoutMs: 3_000, queryTimeoutMs: 3_000 });
}

function createJanitor(options: JanitorModuleOptions & { pool: pg.Pool; metrics: JanitorMetrics }): MeasuredJanitor {
  const { pool, metrics, logger, keepSeconds, everyMs } = options;
  return new MeasuredJanitor(
    {
      pool,
      ...(keepSeconds === undefined ? {} : { keepSeconds }),
      ...(everyMs === undefined ? {} : { everyMs }),
      onError: (error) => logger.warn({ reason: (error as Error).message }, 'a pass of the janitor failed'),
    },
    metrics,
  );
}
