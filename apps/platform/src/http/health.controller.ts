import { Controller, Get } from '@nestjs/common';
import { Open } from '../auth/open.js';

@Controller('healthz')
export class HealthController {
  /** The process serves. What it depends on is watched where it is. */
  @Get()
  @Open()
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
