import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Logger } from 'pino';
import { adminDatabase } from './database/admin-database.js';
import { HealthModule } from './health/health.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RootController } from './http/root.controller.js';
import { JanitorModule } from './janitor/janitor.module.js';
import { MetricsModule } from './metrics/metrics.module.js';

export interface ServerParts {
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly keepSeconds: number | undefined;
  readonly sweepEveryMs: number | undefined;
}

@Module({})
class ServerModule {}

/** Wires the service: one module for each thing it does. */
export function serverModule({ databaseUrl, logger, keepSeconds, sweepEveryMs }: ServerParts): DynamicModule {
  return {
    module: ServerModule,
    imports: [
      adminDatabase({ databaseUrl, logger }),
      MetricsModule,
      HealthModule.forRoot({ databaseUrl, logger }),
      JanitorModule.forRoot({ databaseUrl, logger, keepSeconds, everyMs: sweepEveryMs }),
    ],
    controllers: [RootController],
    providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
  };
}
