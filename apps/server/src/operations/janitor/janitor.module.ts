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
import { JanitorMetrics } from './janitor-metrics.js';
import { MeasuredJanitor } from './measured-janitor.js';

export interface JanitorModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  readonly keepSeconds: number | undefined;
  /** Time between two passes. */
  readonly everyMs: number | undefined;
}

const POOL = Symbol('JANITOR_POOL');

/** Starts and stops with the service; stopping takes at most one short step. */
@Module({})
export class JanitorModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly janitor: MeasuredJanitor,
    @Inject(POOL) private readonly pool: pg.Pool,
  ) {}

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

  onApplicationBootstrap(): void {
    this.janitor.start();
  }

  /** Called while requests still drain, so that the shutdown need not wait for it afterwards. */
  beforeApplicationShutdown(): void {
    this.#stopped = this.janitor.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stopped;
    await this.pool.end();
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
