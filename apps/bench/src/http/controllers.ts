import { Controller, Get, Param } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { BENCH_API } from '../contenders/rollgate.js';

@Controller('bots')
export class PlainController {
  @Get(':botId')
  get(@Param('botId') botId: string): { id: string } {
    return { id: botId };
  }
}

@Controller('bots')
export class LimitedController {
  @Get(':botId')
  @RateLimit(BENCH_API)
  get(@Param('botId') botId: string): { id: string } {
    return { id: botId };
  }
}
