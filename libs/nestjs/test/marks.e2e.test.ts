/** `@RateLimit` is enforced at any position among other decorators, or the application does not start. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Logger,
  Module,
  Post,
  Scope,
  SetMetadata,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Catalogue } from '@rollgate/contract';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { RateLimit, RateLimitGuard, RateLimitSetupError, RollgateModule, SkipRateLimit } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, type App, callTimes, createApp, GLOBAL_GUARDS, startApp, TokenGuard } from './http-app.js';

const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['account'],
    limits: { perMinute: 3, perHour: 100 },
    apis: [
      { id: 'one', title: 'One' },
      { id: 'two', title: 'Two', limits: { perMinute: 1, perHour: 100 } },
    ],
  },
]);
const testing = () => RollgateTestingModule.forRoot({ catalogue });

type Method = (...args: unknown[]) => unknown;

/** Replaces the method by another function, as tracing, caching and transaction decorators do. */
function Traced(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const traced = descriptor.value as unknown as Method;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return traced.apply(this, args);
    } as never;
  };
}

/** Replaces methods after the class was created, as class-wide instrumentation does. */
function TracedClass(): ClassDecorator {
  return (target) => {
    for (const name of Object.getOwnPropertyNames(target.prototype)) {
      const method = target.prototype[name] as Method;
      if (name === 'constructor') continue;
      const traced = function (this: unknown, ...args: unknown[]) {
        return method.apply(this, args);
      };
      for (const key of Reflect.getMetadataKeys(method)) {
        // Keeps route metadata and loses other metadata.
        if (!String(key).startsWith('rollgate:')) {
          Reflect.defineMetadata(key, Reflect.getMetadata(key, method), traced);
        }
      }
      target.prototype[name] = traced;
    }
  };
}

const handle = () => ({ ok: true });
const LIMITED = { 201: 3, 429: 2 };

@Controller('below')
class BelowController {
  @Post()
  @Traced()
  @RateLimit('one')
  below() {
    return handle();
  }

  @Post('twice')
  @Traced()
  @Traced()
  @RateLimit('one')
  twice() {
    return handle();
  }

  @Post('other')
  @Traced()
  other() {
    return handle();
  }
}

@Controller('class-wide')
@TracedClass()
class ClassWideController {
  @Post()
  @RateLimit('one')
  post() {
    return handle();
  }
}

@Controller('skipped')
@RateLimit('two')
class SkippedController {
  @Post()
  @Traced()
  @SkipRateLimit()
  skipped() {
    return handle();
  }

  @Post('limited')
  @Traced()
  limited() {
    return handle();
  }
}

abstract class Base {
  @Post()
  @Traced()
  @RateLimit('one')
  inherited() {
    return handle();
  }

  @Post('overridden')
  @RateLimit('one')
  overridden() {
    return handle();
  }

  @Post('own')
  @RateLimit('one')
  own() {
    return handle();
  }

  @Post('removed')
  @RateLimit('one')
  removed() {
    return handle();
  }
}

@Controller('derived')
class DerivedController extends Base {
  @Post('overridden')
  override overridden() {
    return handle();
  }

  @Post('own')
  @Traced()
  @RateLimit('two')
  override own() {
    return handle();
  }

  override removed() {
    return handle();
  }
}

function Mixed(path: string): Type {
  @Controller(path)
  class MixedController extends Base {}
  return MixedController;
}

@Controller('instance')
class InstanceController {
  constructor() {
    const list = this.list;
    this.list = () => list.call(this);
  }

  @Post()
  @RateLimit('one')
  list() {
    return handle();
  }
}

@Controller({ path: 'request', scope: Scope.REQUEST })
class RequestController extends InstanceController {}

const PROXIED = new Proxy(
  (() => {
    @RateLimit('one')
    class ProxiedController {
      post() {
        return handle();
      }
    }
    Post()(
      ProxiedController.prototype,
      'post',
      Object.getOwnPropertyDescriptor(ProxiedController.prototype, 'post') as PropertyDescriptor,
    );
    return ProxiedController;
  })(),
  {},
);
Controller('proxied')(PROXIED);

describe.each(ADAPTERS)('on $platform, a limit', ({ adapter }) => {
  let app: App | undefined;
  afterEach(() => app?.app.close());

  const start = async (...controllers: Type[]) => {
    app = await startApp({ adapter: adapter(), imports: [testing()], controllers });
    return (path: string) => callTimes(5, () => (app as App).call(path, { method: 'POST' }));
  };

  it.each([
    ['below a decorator that replaces the method', BelowController, '/below', LIMITED],
    ['below two of them', BelowController, '/below/twice', LIMITED],
    ['beside a method without one', BelowController, '/below/other', { 201: 5 }],
    ['of a class whose methods are all replaced', ClassWideController, '/class-wide', LIMITED],
    ['of a class, skipped below such a decorator', SkippedController, '/skipped', { 201: 5 }],
    ['of a class', SkippedController, '/skipped/limited', { 201: 1, 429: 4 }],
    ['of an abstract class', DerivedController, '/derived', LIMITED],
    ['of an abstract class, inherited by a mixin', Mixed('mixed'), '/mixed', LIMITED],
    ['of a method that is overridden', DerivedController, '/derived/overridden', LIMITED],
    ['of the overriding method', DerivedController, '/derived/own', { 201: 1, 429: 4 }],
    ['of a method that the instance replaces', InstanceController, '/instance', LIMITED],
    ['of a class behind a proxy', PROXIED, '/proxied', LIMITED],
  ])('%s is enforced', async (_what, controller, path, statuses) => {
    const call = await start(controller);
    expect(await call(path)).toEqual(statuses);
  });

  it('that can’t be found, because each request replaces the method, lets no call through', async () => {
    const call = await start(RequestController);
    expect(await call('/request')).toEqual({ 500: 5 });
  });

  it('counts a call once in an application that imports the module twice', async () => {
    const limiter = createMemoryLimiter({ catalogue });
    @Controller('twice')
    @UseGuards(RateLimitGuard)
    class TwiceController {
      @Post()
      @RateLimit('one')
      post() {
        return handle();
      }
    }
    @Module({ imports: [RollgateModule.forRoot({ limiter, isGlobal: false })], controllers: [TwiceController] })
    class FeatureModule {}
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateModule.forRoot({ limiter, isGlobal: false }), FeatureModule],
      providers: GLOBAL_GUARDS,
    });
    const { call } = app;
    expect(await callTimes(5, () => call('/twice', { method: 'POST' }))).toEqual(LIMITED);
  });
});

describe('the start stops for a limit', () => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  async function problemsOf(parts: { controllers?: Type[]; services?: Type[] }): Promise<string> {
    const { controllers = [], services = [] } = parts;
    const [{ adapter }] = ADAPTERS as [(typeof ADAPTERS)[0]];
    const providers = [...services, { provide: APP_GUARD, useClass: RateLimitGuard }];
    app = await createApp({ adapter: adapter(), imports: [testing()], controllers, providers });
    const error = await app.init().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) expect(error).toBeInstanceOf(RateLimitSetupError);
    return (error as Error | undefined)?.message ?? '';
  }

  it('on a method of a service, on a whole service, and on a handler whose route another decorator removed', async () => {
    @Injectable()
    class Mailer {
      @RateLimit('one')
      send() {}
    }
    @Injectable()
    @RateLimit('one')
    class Importer {
      run() {}
    }
    @Controller()
    class LostController {
      @Traced()
      @Get()
      @RateLimit('one')
      list() {}
    }
    @Controller()
    class HalfLostController {
      @SetMetadata('roles', ['admin'])
      @Traced()
      @Get()
      @RateLimit('one')
      list() {}
    }
    const controllers = [LostController, HalfLostController];
    const message = await problemsOf({ services: [Mailer, Importer], controllers });
    expect(message).toMatch(/HalfLostController\.list: is no handler/);
    expect(message).toMatch(/Mailer\.send: is no handler/);
    expect(message).toMatch(/Importer: is no handler/);
    expect(message).toMatch(/LostController\.list: is no handler.*move that one below/);
  });

  it.each([
    ['a schedule', 'SCHEDULE_CRON_OPTIONS'],
    ['an event', 'EVENT_LISTENER_METADATA'],
    ['a queue', 'bull:module_processor'],
  ])('on a method that %s calls', async (_what, key) => {
    @Injectable()
    class Nightly {
      @SetMetadata(key, {})
      @RateLimit('one')
      run() {}
    }
    expect(await problemsOf({ services: [Nightly] })).toMatch(/Nightly\.run: .*runs no guards/);
  });

  it('but not for one on a handler of an unknown kind, which is logged', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    @Injectable()
    class Bot {
      @SetMetadata('telegraf:listener', 'text')
      @RateLimit('one')
      onText() {}
    }
    @Injectable()
    class Resolver {
      @SetMetadata('graphql:resolver_type', 'Query')
      @RateLimit('one')
      bots() {}
    }
    @Controller()
    class Messages {
      @MessagePattern('chat')
      @Traced()
      @RateLimit('one')
      chat() {}

      removed() {}
    }
    expect(await problemsOf({ services: [Bot, Resolver], controllers: [Messages, DerivedController] })).toBe('');
    const lines = warned.mock.calls.map(([line]) => String(line));
    expect(lines).toEqual([
      expect.stringMatching(/inheritAppConfig.*: Messages\.chat$/),
      expect.stringMatching(/does not know what calls: Bot\.onText$/),
    ]);
    warned.mockRestore();
  });

  it('where no guard can run, when the class is created', () => {
    const symbol = Symbol('hidden');
    const cases: (() => unknown)[] = [
      () => {
        class A {
          @RateLimit('one')
          static list() {}
        }
        return A;
      },
      () => {
        class A {
          @RateLimit('one')
          get list() {
            return 1;
          }
        }
        return A;
      },
      () => {
        class A {
          @(RateLimit('one') as PropertyDecorator)
          list = () => 1;
        }
        return A;
      },
      () => {
        class A {
          @RateLimit('one')
          [symbol]() {}
        }
        return A;
      },
    ];
    for (const make of cases) expect(make).toThrow(/^A\.(list|Symbol\(hidden\)): @RateLimit .* handler method/);
  });

  it('on a target that already has one, even with a decorator between them that replaces the method', () => {
    expect(() => {
      class A {
        @RateLimit('one')
        @Traced()
        @SkipRateLimit()
        list() {}
      }
      return A;
    }).toThrow('A.list: one @RateLimit or @SkipRateLimit at most');
  });
});

describe('a global guard', () => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  it('runs for the messages of a gateway, even below a decorator that replaces the method', async () => {
    @WebSocketGateway()
    class ChatGateway {
      @SubscribeMessage('chat')
      @Traced()
      @RateLimit('two')
      chat() {
        return { event: 'heard', data: {} };
      }
    }
    @Module({
      imports: [RollgateTestingModule.forRoot({ catalogue, subjects: { account: () => 'acme' } })],
      providers: [ChatGateway, TokenGuard, { provide: APP_GUARD, useExisting: RateLimitGuard }],
    })
    class ChatModule {}
    app = await NestFactory.create(ChatModule, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const { connect } = await import('./socket.js');
    const socket = await connect(app.getHttpServer().address().port);
    const events = [];
    for (let i = 0; i < 2; i++) events.push((await socket.ask('chat', {})).event);
    socket.close();
    expect(events).toEqual(['heard', 'exception']);
  });
});
