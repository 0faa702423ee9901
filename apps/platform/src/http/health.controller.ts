import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { RollgateHealth } from '@rollgate/nestjs';
import { Open } from '../auth/open.js';
import { Database } from '../store/database.js';

@Controller()
export class HealthController {
  constructor(
    @Inject(RollgateHealth) private readonly health: RollgateHealth,
    @Inject(Database) private readonly database: Database,
  ) {}

  /** The process responds. Its dependencies are monitored separately. */
  @Get('healthz')
  @Open()
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Ready for calls: the limiter and the platform's database respond, and the process is not stopping. */
  @Get('readyz')
  @Open()
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: 'ok' }> {
    const { ready, reason } = this.health.readiness();
    if (!ready) throw new ServiceUnavailableException(`This instance is not ready: ${reason}.`);
    const { rows } = await this.database.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby', []);
    if (rows[0]?.standby !== false)
      throw new ServiceUnavailableException('This instance is not ready: its database is a standby.');
    return { status: 'ok' };
  }
}
