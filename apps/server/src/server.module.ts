import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Logger } from 'pino';
import { AdminModule } from './admin.module.js';
import { AccessModule } from './authentication/access.module.js';
import { OidcModule } from './authentication/oidc/oidc.module.js';
import { adminDatabase } from './database/admin-database.js';
import { DecisionsModule } from './decisions/decisions.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { LimitingModule } from './limiting/limiting.module.js';
import { EventDaysModule } from './operations/event-days.module.js';
import { HealthModule } from './operations/health/health.module.js';
import { JanitorModule } from './operations/janitor/janitor.module.js';
import { MetricsModule } from './operations/metrics/metrics.module.js';
import { RootController } from './operations/root.controller.js';
import type { Settings } from './settings.js';
import { SettingsModule } from './settings.module.js';
import { StaffModule } from './staff/staff.module.js';

export interface ServerParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly sweepEveryMs: number | undefined;
}

@Module({})
class ServerModule {}

/** Combines the service's modules, one for each feature. */
export function serverModule({ settings, logger, sweepEveryMs }: ServerParts): DynamicModule {
  const { databaseUrl, readDatabaseUrl, pooled, keepSeconds, keepEventDays } = settings;
  const address = { databaseUrl, readDatabaseUrl, pooled };
  return {
    module: ServerModule,
    imports: [
      SettingsModule.forRoot({ settings, logger }),
      adminDatabase({ ...address, logger }),
      MetricsModule,
      HealthModule.forRoot({ address, logger }),
      JanitorModule.forRoot({ ...address, logger, keepSeconds, everyMs: sweepEveryMs }),
      EventDaysModule.forRoot({ ...address, logger, keepDays: keepEventDays }),
      LimitingModule,
      StaffModule,
      OidcModule,
      AccessModule,
      AdminModule,
      DecisionsModule,
    ],
    controllers: [RootController],
    providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
  };
}
