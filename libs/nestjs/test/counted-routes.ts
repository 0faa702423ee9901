import { Controller, Get, Post, Req } from '@nestjs/common';
import { Catalogue } from '@rollgate/contract';
import { RateLimit, SkipRateLimit } from '../src/index.js';

export const catalogue = new Catalogue([
  {
    id: 'bots',
    title: 'Bots',
    level: ['bot'],
    limits: { perMinute: 3, perHour: 7 },
    apis: [
      { id: 'publish', title: 'Publish' },
      { id: 'export', title: 'Export', message: 'No more exports for now.' },
      { id: 'blocked', title: 'Blocked', limits: { perMinute: 0, perHour: 7 } },
      { id: 'roles', title: 'Roles', level: ['account'] },
      { id: 'big', title: 'Big', limits: { perMinute: 60, perHour: 1800 } },
    ],
  },
]);

/** How many calls the handlers have run for. */
export const handled = { count: 0 };
const done = () => ({ ok: ++handled.count });

@Controller('bots/:botId')
export class BotsController {
  @Post('publish')
  @RateLimit('publish')
  publish() {
    return done();
  }

  @Post('export')
  @RateLimit('export')
  export() {
    return done();
  }

  @Post('blocked')
  @RateLimit('blocked')
  blocked() {
    return done();
  }

  @Post('big')
  @RateLimit('big')
  big() {
    return done();
  }

  @Post('two')
  @RateLimit({ api: 'publish', cost: 2 })
  two() {
    return done();
  }

  @Post('rows')
  @RateLimit({ api: 'publish', cost: (context) => Number(context.switchToHttp().getRequest().query.rows) })
  rows() {
    return done();
  }

  @Post('by-account')
  @RateLimit({ api: 'publish', level: ['account'] })
  byAccount() {
    return done();
  }

  @Post('by-table/:tableName')
  @RateLimit({ api: 'publish', level: ['account', 'table'] })
  byTable() {
    return done();
  }

  @Get('free')
  free() {
    return done();
  }
}

@Controller('class')
@RateLimit('roles')
export class RolesController {
  @Get('inherits')
  inherits() {
    return done();
  }

  @Get('own')
  @RateLimit({ api: 'publish', subjects: { bot: (context) => context.switchToHttp().getRequest().query.bot } })
  own() {
    return done();
  }

  @Get('skipped')
  @SkipRateLimit()
  skipped() {
    return done();
  }
}

@Controller('skipped')
@SkipRateLimit()
export class SkippedController {
  @Get('class')
  skipped() {
    return done();
  }

  @Get('limited')
  @RateLimit('roles')
  limited(@Req() _request: unknown) {
    return done();
  }
}
