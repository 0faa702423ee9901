import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Logger } from 'pino';
import type { DatabaseAddress } from '../../database/database-address.js';
import { LimitingModule } from '../../limiting/limiting.module.js';
import { LOGGER } from '../../logging/logger.js';
import { DATABASE_ADDRESS, DatabaseProbe } from './database-probe.js';
import { Draining } from './draining.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({})
export class HealthModule {
  static forRoot({ address, logger }: { address: DatabaseAddress; logger: Logger }): DynamicModule {
    return {
      module: HealthModule,
      // Terminus would log every failed probe; Readiness logs each change once.
      imports: [TerminusModule.forRoot({ logger: false }), LimitingModule],
      controllers: [HealthController],
      providers: [
        { provide: DATABASE_ADDRESS, useValue: address },
        { provide: LOGGER, useValue: logger },
        DatabaseProbe,
        Draining,
        Readiness,
      ],
    };
  }
}
