import { type DynamicModule, Module } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import type { Logger } from 'pino';
import { AccessRetentionModule } from './access-retention.module.js';
import { EventDaysModule } from './event-days.module.js';
import { HealthModule } from './health/health.module.js';
import { JanitorModule } from './janitor/janitor.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { RollUpModule } from './roll-up/roll-up.module.js';
import { RootController } from './root.controller.js';
import { SystemController } from './system.controller.js';

export interface OperationsOptions {
  readonly address: DatabaseAddress;
  readonly logger: Logger;
  /** How long finished minutes are kept. */
  readonly keepSeconds: number | undefined;
  /** Time between two passes of the janitor. */
  readonly sweepEveryMs: number | undefined;
  /** How long limit events are kept, in days. */
  readonly keepEventDays: number | undefined;
  /** How long usage by hour is kept, in days. */
  readonly keepUsageDays: number | undefined;
  /** How long the access log is kept, in days. */
  readonly keepAccessDays: number | undefined;
}

/** Running the service: health, metrics, and the maintenance of its tables. */
@Module({ controllers: [RootController, SystemController] })
export class OperationsModule {
  static forRoot({
    address,
    logger,
    keepSeconds,
    sweepEveryMs,
    keepEventDays,
    keepUsageDays,
    keepAccessDays,
  }: OperationsOptions): DynamicModule {
    return {
      module: OperationsModule,
      imports: [
        MetricsModule,
        HealthModule.forRoot(address),
        JanitorModule.forRoot({ ...address, logger, keepSeconds, everyMs: sweepEveryMs }),
        EventDaysModule.forRoot({ ...address, logger, keepDays: keepEventDays }),
        RollUpModule.forRoot({ ...address, logger, keepDays: keepUsageDays, keepSeconds }),
        AccessRetentionModule.forRoot({ ...address, logger, keepDays: keepAccessDays }),
      ],
    };
  }
}
