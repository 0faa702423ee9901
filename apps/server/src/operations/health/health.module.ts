import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { DATABASE_ADDRESS, DatabaseProbe } from './database-probe.js';
import { Draining } from './draining.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({})
export class HealthModule {
  static forRoot(address: DatabaseAddress): DynamicModule {
    return {
      module: HealthModule,
      // Terminus would log every failed probe; Readiness logs each change once.
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [{ provide: DATABASE_ADDRESS, useValue: address }, DatabaseProbe, Draining, Readiness],
    };
  }
}
