import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { EventDays } from '@rollgate/limiter';
import type pg from 'pg';
import type { Logger } from 'pino';
import { openPool } from '../database/open-pool.js';

export interface EventDaysModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  /** How long limit events are kept, in days. */
  readonly keepDays: number | undefined;
}

const POOL = Symbol('EVENT_DAYS_POOL');

/**
 * Maintains the daily partitions of `rollgate.limit_event`. Starts and stops with the service; stopping takes at most one
 * short step.
 */
@Module({})
export class EventDaysModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly days: EventDays,
    @Inject(POOL) private readonly pool: pg.Pool,
  ) {}

  static forRoot(options: EventDaysModuleOptions): DynamicModule {
    return {
      module: EventDaysModule,
      providers: [
        { provide: POOL, useFactory: () => openEventDaysPool(options) },
        { provide: EventDays, inject: [POOL], useFactory: (pool: pg.Pool) => createEventDays({ ...options, pool }) },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.days.start();
  }

  /** Called while requests still drain, so that the shutdown need not wait for it afterwards. */
  beforeApplicationShutdown(): void {
    this.#stopped = this.days.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stopped;
    await this.pool.end();
  }
}

function openEventDaysPool(options: EventDaysModuleOptions): pg.Pool {
  // A step does not wait for locks, but deleting the files of a large partition takes time.
  return openPool({ ...options, name: 'rollgate-events', connectTimeoutMs: 3_000, queryTimeoutMs: 30_000 });
}

function createEventDays({ pool, logger, keepDays }: EventDaysModuleOptions & { pool: pg.Pool }): EventDays {
  return new EventDays({
    pool,
    ...(keepDays === undefined ? {} : { keepDays }),
    onError: (error) => logger.warn({ reason: (error as Error).message }, 'keeping the days of limit events failed'),
  });
}
