import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { sessionClient } from '@rollgate/contract/database-session';
import { SilenceWatch } from '@rollgate/limiter';
import pg from 'pg';
import type { Logger } from 'pino';
import type { DatabaseAddress } from './database-address.js';

/** The admin side's DataSource: entities register themselves by `TypeOrmModule.forFeature`. Decisions never pass here. */
export function adminDatabase({
  databaseUrl,
  pooled,
  logger,
}: DatabaseAddress & { readonly logger: Logger }): DynamicModule {
  const { Client } = new SilenceWatch({ databaseUrl, Client: sessionClient(pg.Client, { pooled }) });
  return TypeOrmModule.forRoot({
    type: 'postgres',
    url: databaseUrl,
    schema: 'rollgate',
    extra: { Client },
    applicationName: 'rollgate-admin',
    poolSize: 5,
    // For a connection of the pool, too.
    connectTimeoutMS: 3_000,
    autoLoadEntities: true,
    // The schema is the migrations' alone.
    synchronize: false,
    installExtensions: false,
    logging: false,
    // Whoever starts the service hears at once that there is no database; an orchestrator starts it again.
    retryAttempts: 0,
    poolErrorHandler: ({ message }: Error) =>
      logger.warn({ pool: 'rollgate-admin', reason: message }, 'lost an idle database connection'),
  });
}
