import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type { Logger } from 'pino';
import { openPool } from '../../database/open-pool.js';
import { AccessLogInterceptor } from './access-log.interceptor.js';
import { ACCESS_LOG_POOL, AccessLog } from './access-log.js';

export interface AccessLogOptions extends DatabaseAddress {
  readonly logger: Logger;
}

/** Records who signs in, who views an account and who exports. */
@Global()
@Module({})
export class AccessLogModule {
  static forRoot(options: AccessLogOptions): DynamicModule {
    const pool = () =>
      openPool({ ...options, name: 'rollgate-access-log', connectTimeoutMs: 3_000, queryTimeoutMs: 3_000 });
    return {
      module: AccessLogModule,
      providers: [
        { provide: ACCESS_LOG_POOL, useFactory: pool },
        AccessLog,
        { provide: APP_INTERCEPTOR, useClass: AccessLogInterceptor },
      ],
      exports: [AccessLog],
    };
  }
}
