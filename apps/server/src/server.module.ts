import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Logger } from 'pino';
import { AccessLogModule } from './authentication/access-log/access-log.module.js';
import { AuthenticationModule } from './authentication/authentication.module.js';
import { adminDatabase } from './database/admin-database.js';
import { DecisionsModule } from './decisions/decisions.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { LimitingModule } from './limiting/limiting.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { PolicyModule } from './policy/policy.module.js';
import type { Settings } from './settings.js';
import { StaffModule } from './staff/staff.module.js';
import { UsageModule } from './usage/usage.module.js';

export interface ServerParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly sweepEveryMs: number | undefined;
}

@Module({})
class ServerModule {}

/** Combines the modules of the service, from the lowest floor up. Each gets the settings that it needs. */
export function serverModule({ settings, logger, sweepEveryMs }: ServerParts): DynamicModule {
  const { databaseUrl, readDatabaseUrl, pooled, keepSeconds, keepEventDays, keepUsageDays, keepAccessDays } = settings;
  const { environment, publicUrl, oidc, signIn } = settings;
  const address = { databaseUrl, readDatabaseUrl, pooled };
  return {
    module: ServerModule,
    imports: [
      LoggingModule.forRoot(logger),
      adminDatabase({ ...address, logger }),
      LimitingModule.forRoot({ ...address, signIn, logger }),
      AccessLogModule.forRoot({ ...address, logger }),
      AuthenticationModule.forRoot({ environment, publicUrl, oidc }),
      StaffModule,
      UsageModule,
      PolicyModule,
      DecisionsModule,
      OperationsModule.forRoot({
        address,
        logger,
        keepSeconds,
        sweepEveryMs,
        keepEventDays,
        keepUsageDays,
        keepAccessDays,
      }),
    ],
    providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
  };
}
