import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { sessionClient } from '@rollgate/contract/database-session';
import { SilenceWatch } from '@rollgate/limiter';
import pg from 'pg';
import type { Logger } from 'pino';

/** The admin side's DataSource. Entities register themselves with `TypeOrmModule.forFeature`. Decisions do not use it. */
export function adminDatabase({ logger, ...address }: DatabaseAddress & { readonly logger: Logger }): DynamicModule {
  const { databaseUrl } = address;
  const { Client } = new SilenceWatch({ databaseUrl, Client: sessionClient(pg.Client, address) });
  return TypeOrmModule.forRoot({
    type: 'postgres',
    url: databaseUrl,
    schema: 'rollgate',
    extra: { Client },
    applicationName: 'rollgate-admin',
    poolSize: 5,
    // Also applies to waiting for a connection of the pool.
    connectTimeoutMS: 3_000,
    autoLoadEntities: true,
    // Only migrations change the schema.
    synchronize: false,
    installExtensions: false,
    logging: false,
    // A missing database is reported at once instead of retried; an orchestrator restarts the service.
    retryAttempts: 0,
    poolErrorHandler: ({ message }: Error) =>
      logger.warn({ pool: 'rollgate-admin', reason: message }, 'lost an idle database connection'),
  });
}
