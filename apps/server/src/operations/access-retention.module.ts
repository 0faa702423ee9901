import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type pg from 'pg';
import type { Logger } from 'pino';
import { openPool } from '../database/open-pool.js';
import { AccessRetention } from './access-retention.js';
import { BackgroundTask } from './background-task.js';

export interface AccessRetentionModuleOptions extends DatabaseAddress {
  readonly logger: Logger;
  /** How long the access log is kept, in days. */
  readonly keepDays: number | undefined;
}

const POOL = Symbol('ACCESS_RETENTION_POOL');

/** Removes old rows of the access log. */
@Module({})
export class AccessRetentionModule extends BackgroundTask {
  constructor(retention: AccessRetention, @Inject(POOL) pool: pg.Pool) {
    super(retention, pool);
  }

  static forRoot(options: AccessRetentionModuleOptions): DynamicModule {
    return {
      module: AccessRetentionModule,
      providers: [
        { provide: POOL, useFactory: () => openRetentionPool(options) },
        {
          provide: AccessRetention,
          inject: [POOL],
          useFactory: (pool: pg.Pool) => createRetention({ ...options, pool }),
        },
      ],
    };
  }
}

function openRetentionPool(options: AccessRetentionModuleOptions): pg.Pool {
  // A step removes 2,000 rows by their index.
  return openPool({ ...options, name: 'rollgate-access-days', connectTimeoutMs: 3_000, queryTimeoutMs: 30_000 });
}

function createRetention({
  pool,
  logger,
  keepDays,
}: AccessRetentionModuleOptions & { pool: pg.Pool }): AccessRetention {
  return new AccessRetention({
    pool,
    keepDays,
    onError: (error) => logger.warn({ reason: error.message }, 'removing old rows of the access log failed'),
  });
}
