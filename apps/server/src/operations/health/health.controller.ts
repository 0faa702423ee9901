import { Controller, Get, Header } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../../http/access.decorators.js';
import { Readiness } from './readiness.js';

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /**
   * The process is running. This never queries the database, because a restart of this process would not repair the
   * database.
   */
  @Get('healthz')
  @Public('probed by orchestrators')
  @Header('Cache-Control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public('probed by orchestrators')
  @Header('Cache-Control', 'no-store')
  ready(): Promise<HealthCheckResult> {
    return this.readiness.check();
  }
}
