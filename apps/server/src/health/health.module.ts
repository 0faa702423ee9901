import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Logger } from 'pino';
import { LOGGER } from '../logging/logger.js';
import { DATABASE_URL, DatabaseProbe } from './database-probe.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({})
export class HealthModule {
  static forRoot({ databaseUrl, logger }: { databaseUrl: string; logger: Logger }): DynamicModule {
    return {
      module: HealthModule,
      // Terminus would log every failed probe; Readiness tells a change once.
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        { provide: DATABASE_URL, useValue: databaseUrl },
        { provide: LOGGER, useValue: logger },
        DatabaseProbe,
        Readiness,
      ],
    };
  }
}
