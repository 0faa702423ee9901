import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { EventDays } from '@rollgate/limiter';
import type pg from 'pg';
import type { Logger } from 'pino';
import { openPool } from '../database/open-pool.js';
import { BackgroundTask } from './background-task.js';

export interface EventDaysModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  /** How long limit events are kept, in days. */
  readonly keepDays: number | undefined;
}

const POOL = Symbol('EVENT_DAYS_POOL');

/** Maintains the daily partitions of limit events. */
@Module({})
export class EventDaysModule extends BackgroundTask {
  constructor(days: EventDays, @Inject(POOL) pool: pg.Pool) {
    super(days, pool);
  }

  static forRoot(options: EventDaysModuleOptions): DynamicModule {
    return {
      module: EventDaysModule,
      providers: [
        { provide: POOL, useFactory: () => openEventDaysPool(options) },
        { provide: EventDays, inject: [POOL], useFactory: (pool: pg.Pool) => createEventDays({ ...options, pool }) },
      ],
    };
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
