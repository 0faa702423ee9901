/** `@RateLimit` is enforced at any position among other decorators, or the application does not start. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Module, Post, Scope, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { RateLimit, RateLimitGuard, RollgateModule, SkipRateLimit } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, type App, callTimes, GLOBAL_GUARDS, startApp, TokenGuard } from './http-app.js';
import { Base, catalogue, DerivedController, handle, Traced, TracedClass, testing } from './traced.js';

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
