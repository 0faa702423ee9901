import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Logger,
  Module,
  type Provider,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Catalogue } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import {
  RateLimit,
  RateLimitGuard,
  RateLimitSetupError,
  RollgateModule,
  type RollgateOptions,
  SkipRateLimit,
} from '../src/index.js';
import { RollgateTestingModule, type RollgateTestingOptions } from '../src/testing.js';
import { createApp, TokenGuard } from './http-app.js';

const GUARD = [{ provide: APP_GUARD, useClass: RateLimitGuard }];
let app: INestApplication | undefined;

afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function setupErrorOf(
  controllers: Type[],
  options: Partial<RollgateTestingOptions> = {},
): Promise<RateLimitSetupError> {
  app = await createApp({
    adapter: new ExpressAdapter(),
    imports: [RollgateTestingModule.forRoot({ catalogue: sampleCatalogue, ...options })],
    controllers,
    providers: GUARD,
  });
  const error = await app.init().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RateLimitSetupError);
  return error as RateLimitSetupError;
}

describe('a limit that can’t be enforced', () => {
  it('stops the start: every unknown API is listed with its route and similar names', async () => {
    @Controller('a')
    class BotsController {
      @Get('a')
      @RateLimit('publsh-bot')
      publish() {}

      @Get('b')
      @RateLimit('get-bots')
      list() {}
    }
    @Controller('b')
    @RateLimit('no-such-api-at-all')
    class OtherController {
      @Get()
      get() {}
    }
    const error = await setupErrorOf([BotsController, OtherController]);
    expect(error.problems).toEqual([
      {
        route: 'BotsController.publish',
        reason: expect.stringContaining('did you mean "publish-bot"'),
        nearest: ['publish-bot'],
      },
      { route: 'OtherController', reason: expect.stringContaining('unknown API "no-such-api-at-all"'), nearest: [] },
    ]);
    expect(error.message).toContain('BotsController.publish: unknown API "publsh-bot", did you mean "publish-bot"?');
    expect(error.message).toContain('OtherController: unknown API');
  });

  it('stops the start if it is on a handler inherited from a base class, or on a provider', async () => {
    abstract class Base {
      @Get()
      @RateLimit('get-bot')
      list() {}
    }
    @Controller()
    class DerivedController extends Base {}
    @Injectable()
    class Gateway {
      @RateLimit('get-rols')
      onMessage() {}
    }
    @Module({ providers: [Gateway] })
    class GatewayModule {}
    app = await createApp({
      adapter: new ExpressAdapter(),
      imports: [RollgateTestingModule.forRoot({ catalogue: sampleCatalogue }), GatewayModule],
      controllers: [DerivedController],
      providers: GUARD,
    });
    await expect(app.init()).rejects.toThrow(
      /DerivedController\.list.*"get-bots"[\s\S]*Gateway\.onMessage.*"get-roles"/,
    );
  });

  it('stops the start if a dimension of the catalogue or of the route has no resolver', async () => {
    const catalogue = new Catalogue([
      {
        id: 'g',
        title: 'G',
        level: ['bot', 'user'],
        limits: { perMinute: 1, perHour: 1 },
        apis: [{ id: 'chat', title: 'Chat' }],
      },
    ]);
    @Controller()
    class ChatController {
      @Get('a')
      @RateLimit('chat')
      chat() {}

      @Get('b')
      @RateLimit({ api: 'chat', subjects: { user: () => 'u' } })
      own() {}

      @Get('c')
      @RateLimit({ api: 'chat', level: ['constructor'] })
      other() {}
    }
    const { problems } = await setupErrorOf([ChatController], { catalogue });
    expect(problems.map(({ route }) => route)).toEqual(['ChatController.chat', 'ChatController.other']);
    expect(problems[0]?.reason).toContain(
      '"chat" counts by "user", which has no resolver: add subjects: { user: (context) => ... }',
    );
  });

  it.each([
    ['a cost of 0', { api: 'get-bots', cost: 0 }, /cost must be a whole number/],
    ['a broken cost', { api: 'get-bots', cost: 1.5 }, /cost must be a whole number/],
    ['an empty level', { api: 'get-bots', level: [] }, /level: /],
    ['a level that names a dimension twice', { api: 'get-bots', level: ['bot', 'bot'] }, /each dimension once/],
    [
      'a resolver of a misspelled dimension',
      { api: 'publish-bot', subjects: { bott: () => 'b' } },
      /BrokenController\.get: subjects: "bott" is no dimension, "publish-bot" counts by "bot", did you mean "bot"\?/,
    ],
    [
      'a resolver of a dimension that the route does not count by',
      { api: 'get-bots', subjects: { bot: () => 'b' } },
      /"bot" is no dimension, "get-bots" counts by "account"/,
    ],
    ['a non-function resolver', { api: 'publish-bot', subjects: { bot: 'b' as never } }, /"bot" is no function/],
  ])('stops the start if it has %s', async (_what, rule, message) => {
    @Controller()
    class BrokenController {
      @Get()
      @RateLimit(rule)
      get() {}
    }
    expect((await setupErrorOf([BrokenController])).message).toMatch(message);
  });

  it('stops the start if the module has a resolver for a dimension that nothing counts by', async () => {
    @Controller()
    class TenantController {
      @Get()
      @RateLimit({ api: 'get-bots', level: ['tenant'] })
      get() {}
    }
    const subjects = { bott: () => 'b', tenant: () => 't', table: () => 't', account: () => 'a' };
    const { problems } = await setupErrorOf([TenantController], { subjects });
    expect(problems).toEqual([
      { route: 'RollgateModule', reason: expect.stringMatching(/"bott" is no dimension.*"bot"/), nearest: ['bot'] },
    ]);
  });

  it('stops the class from loading if a target has two decorators', () => {
    expect(() => {
      class Twice {
        @RateLimit('get-bots')
        @SkipRateLimit()
        get() {}
      }
      return Twice;
    }).toThrow('Twice.get: one @RateLimit or @SkipRateLimit at most');
    expect(() => {
      @RateLimit('get-bots')
      @RateLimit('get-roles')
      class Twice {}
      return Twice;
    }).toThrow('Twice: one');
  });

  it('stops the start if the module has no limiter', async () => {
    const built = createApp({
      adapter: new ExpressAdapter(),
      imports: [RollgateModule.forRoot({} as RollgateOptions)],
    });
    await expect(built).rejects.toThrow(/'limiter' is missing/);
  });

  describe('because no guard runs', () => {
    class OwnGuard extends RateLimitGuard {}

    @Controller('a')
    @UseGuards(TokenGuard)
    class PartlyGuardedController {
      @Get('a')
      @RateLimit('get-bots')
      unguarded() {}

      @Get('b')
      @RateLimit('get-roles')
      @UseGuards(OwnGuard)
      guarded() {}

      @Get('c')
      @SkipRateLimit()
      skipped() {}
    }

    async function warningsOf(providers: Provider[], prepare?: (app: INestApplication) => void): Promise<unknown[]> {
      const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
      const parts = {
        adapter: new ExpressAdapter(),
        imports: [RollgateTestingModule.forRoot({ catalogue: sampleCatalogue })],
        providers,
      };
      app = await createApp({ ...parts, controllers: [PartlyGuardedController], ...(prepare && { prepare }) });
      await app.init();
      return warned.mock.calls.map(([line]) => line);
    }

    it.each([
      ['none', []],
      ['another', [{ provide: APP_GUARD, useClass: TokenGuard }]],
    ])('is logged as a warning if the global guard is %s', async (_what, providers) => {
      expect(await warningsOf(providers)).toEqual([
        '@RateLimit limits nothing without RateLimitGuard, unless a guard of yours calls it. A @UseGuards below a ' +
          'decorator that replaces the method is lost, too: PartlyGuardedController.unguarded',
      ]);
    });

    it('is not logged if a global RateLimitGuard is set in any way', async () => {
      expect(await warningsOf(GUARD)).toEqual([]);
      await app?.close();
      expect(await warningsOf([{ provide: APP_GUARD, useClass: RateLimitGuard, scope: Scope.REQUEST }])).toEqual([]);
      await app?.close();
      expect(await warningsOf([], (created) => created.useGlobalGuards(created.get(RateLimitGuard)))).toEqual([]);
    });
  });
});
