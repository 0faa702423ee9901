/** Limits at positions where they could not be enforced stop the start, or the class from loading. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication, Injectable, Logger, SetMetadata, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { RateLimit, RateLimitGuard, RateLimitSetupError, SkipRateLimit } from '../src/index.js';
import { ADAPTERS, createApp } from './http-app.js';
import { DerivedController, Traced, testing } from './traced.js';

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
