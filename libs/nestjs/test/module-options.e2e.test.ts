/** The forms in which an application passes options to the module. */

import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Injectable, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { Limiter } from '@rollgate/limiter';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import {
  RateLimit,
  RateLimitGuard,
  ROLLGATE_OPTIONS,
  RollgateModule,
  type RollgateOptions,
  type RollgateOptionsFactory,
} from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, createApp, startApp, TokenGuard } from './http-app.js';

const GUARD = [{ provide: APP_GUARD, useClass: RateLimitGuard }];
let app: INestApplication | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

@Injectable()
class OptionsFactory implements RollgateOptionsFactory {
  readonly limiter = createMemoryLimiter({ catalogue: sampleCatalogue });

  async createRollgateOptions(): Promise<RollgateOptions> {
    return { limiter: this.limiter, support: 'from the factory' };
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

@Controller('bots')
class BotsController {
  @Get()
  @RateLimit('get-bots')
  list() {
    return [];
  }
}

describe.each(ADAPTERS)('on $platform', ({ adapter }) => {
  it.each([
    [
      'useFactory',
      () =>
        RollgateModule.forRootAsync({
          imports: [FactoryModule],
          inject: [OptionsFactory],
          useFactory: (factory: OptionsFactory) => factory.createRollgateOptions(),
        }),
    ],
    ['useClass', () => RollgateModule.forRootAsync({ useClass: OptionsFactory })],
    ['useExisting', () => RollgateModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory })],
    [
      'forRoot',
      () =>
        RollgateModule.forRoot({
          limiter: createMemoryLimiter({ catalogue: sampleCatalogue }),
          support: 'from the factory',
        }),
    ],
  ])('the module takes options by %s, enforces limits, and closes the limiter', async (_form, imported) => {
    const { app: started, call } = await startApp({
      adapter: adapter(),
      imports: [imported()],
      controllers: [BotsController],
      providers: [
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
      ],
    });
    app = started;
    const { headers } = await call('/bots');
    expect(headers.get('ratelimit-policy')).toBe('"minute";q=60;w=60, "hour";q=1800;w=3600');
    expect(app.get(ROLLGATE_OPTIONS).support).toBe('from the factory');
    const limiter = app.get(Limiter);
    expect((await limiter.acquire({ account: 'acme', api: 'get-bots' })).windows.minute.used).toBe(2);
    await app.close();
    await expect(limiter.acquire({ account: 'acme', api: 'get-bots' })).rejects.toThrow('closed');
  });

  it('the module does not close the limiter if closeLimiter is false', async () => {
    const limiter = createMemoryLimiter({ catalogue: sampleCatalogue });
    app = await createApp({ adapter: adapter(), imports: [RollgateModule.forRoot({ limiter, closeLimiter: false })] });
    await app.init();
    await app.close();
    expect((await limiter.acquire({ account: 'acme', api: 'get-bots' })).allowed).toBe(true);
  });

  it('the module guards an application that @nestjs/testing creates', async () => {
    const built = await Test.createTestingModule({
      imports: [RollgateTestingModule.forRoot({ catalogue: sampleCatalogue })],
      controllers: [BotsController],
      providers: GUARD,
    }).compile();
    app = built.createNestApplication(adapter(), { logger: false });
    await expect(app.init()).resolves.toBeDefined();
  });
});
