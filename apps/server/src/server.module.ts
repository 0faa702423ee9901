import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Logger } from 'pino';
import { AccessModule } from './access/access.module.js';
import { AdminModule } from './admin/admin.module.js';
import { adminDatabase } from './database/admin-database.js';
import { DecisionsModule } from './decisions/decisions.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RootController } from './http/root.controller.js';
import { JanitorModule } from './janitor/janitor.module.js';
import { LimitingModule } from './limiting/limiting.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OidcModule } from './oidc/oidc.module.js';
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
      EventsModule.forRoot({ ...address, logger, keepDays: keepEventDays }),
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
