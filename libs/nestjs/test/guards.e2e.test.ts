import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, HttpException, Logger, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type Decision } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createLimiter, Limiter } from '@rollgate/limiter';
import { RateLimit, RollgateModule, type RollgateOptions } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, type App, awayStore, Clock, callTimes, GLOBAL_GUARDS, startApp, TokenGuard } from './http-app.js';
import {
  catalogue,
  FallThroughController,
  MildController,
  OWN_GUARDS,
  PlainController,
  StrictController,
  StrictGuard,
  SwallowingGuard,
} from './own-guards.js';

describe.each(ADAPTERS)('on $platform', ({ platform, adapter }) => {
  let app: App;
  const clock = new Clock();
  const start = async (
    options: Partial<Omit<RollgateOptions, 'limiter'>> = {},
    providers: Provider[] = GLOBAL_GUARDS,
  ) => {
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateTestingModule.forRoot({ clock: clock.read, catalogue, ...options })],
      controllers: [PlainController, StrictController, MildController, FallThroughController],
      providers: [...providers, ...OWN_GUARDS],
    });
  };
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.app.close();
  });

  it('a call that passes a global guard, controller guards and concurrent guards is counted once', async () => {
    await start({ subjects: { table: () => 't' } });
    SwallowingGuard.denials.length = 0;
    expect(await callTimes(4, () => app.call('/plain/guarded'))).toEqual({ 200: 3, 429: 1 });
    clock.wait({ seconds: 61 });
    const first = await app.call('/plain/thrice');
    expect(first.headers.get('ratelimit')).toMatch(/^"minute";r=2;/);
    expect(await callTimes(3, () => app.call('/plain/thrice'))).toEqual({ 200: 2, 429: 1 });
  });

  it('a call is counted once if its first guards run concurrently', async () => {
    await start({}, [{ provide: APP_GUARD, useClass: TokenGuard }]);
    expect(await callTimes(4, () => app.call('/plain/side-by-side'))).toEqual({ 200: 3, 429: 1 });
  });

  it('every guard that a denied call passes throws the same denial', async () => {
    const asked: Decision[] = [];
    await start({ onDecision: (decision) => asked.push(decision) }, [
      { provide: APP_GUARD, useClass: TokenGuard },
      { provide: APP_GUARD, useClass: SwallowingGuard },
    ]);
    SwallowingGuard.denials.length = 0;
    await callTimes(3, () => app.call('/plain/guarded'));
    const denied = await app.call('/plain/guarded');
    expect(denied.status).toBe(429);
    expect(SwallowingGuard.denials).toEqual([denied.body.denialId]);
    expect(asked.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
    expect(asked.at(-1)?.id).toBe(denied.body.denialId);
  });

  it('a guard on one controller enforces its limits, and no limit is enforced without a guard', async () => {
    await start({}, [{ provide: APP_GUARD, useClass: TokenGuard }]);
    expect(await callTimes(5, () => app.call('/plain'))).toEqual({ 200: 5 });
    expect(await callTimes(5, () => app.call('/plain/guarded'))).toEqual({ 200: 3, 429: 2 });
  });

  it('a subclass of the guard can override skipping, subjects, cost and the response to a denial', async () => {
    await start({}, []);
    StrictGuard.denied.length = 0;
    const call = (headers: Record<string, string>) => app.call('/strict', { headers });
    expect(await callTimes(5, () => call({ 'x-table': 't-1', 'x-internal': 'yes' }))).toEqual({ 200: 5 });
    expect((await call({ 'x-table': 't-1', 'x-cost': '3' })).status).toBe(200);
    expect((await call({ 'x-table': 't-2' })).status).toBe(200);
    const denied = await call({ 'x-table': 't-1' });
    expect(denied.status).toBe(429);
    expect(denied.body).toEqual({ denied: 'minute' });
    expect(denied.headers.get('content-type')).toMatch(/^application\/json/);
    expect(StrictGuard.denied).toMatchObject([{ subject: 'acme/two/table=t-1', allowed: false }]);
  });

  it('a denied call is not let through if onDenied returns', async () => {
    await start({}, []);
    expect(await callTimes(5, () => app.call('/mild'))).toEqual({ 200: 3, 403: 2 });
  });

  it('calls for which the option skip returns true are not limited', async () => {
    await start({ skip: async (context) => context.switchToHttp().getRequest().headers['x-probe'] === '1' });
    expect(await callTimes(5, () => app.call('/plain', { headers: { 'x-probe': '1' } }))).toEqual({ 200: 5 });
    expect(await callTimes(5, () => app.call('/plain'))).toEqual({ 200: 3, 429: 2 });
  });

  it('the account is resolved by the option subjects of the module', async () => {
    await start({ subjects: { account: (context) => `${context.switchToHttp().getRequest().user.account}/emea` } });
    const seen = jest.spyOn(app.app.get(Limiter), 'acquire');
    await app.call('/plain');
    expect(seen).toHaveBeenCalledWith(expect.objectContaining({ account: 'acme/emea' }));
  });

  it.each([
    ['a number', 42, '42'],
    ['a bigint', 42n, '42'],
    ['text in a promise', Promise.resolve('t'), 't'],
  ])('a dimension whose value is %s is counted as text', async (_what, value, text) => {
    await start({ subjects: { table: () => value } });
    const seen = jest.spyOn(app.app.get(Limiter), 'acquire');
    await app.call('/plain/table');
    expect(seen.mock.calls).toEqual([[expect.objectContaining({ dimensions: { table: text } })]]);
  });

  it('X-RateLimit fields of the tightest window are sent if legacyHeaders is set', async () => {
    await start({ legacyHeaders: true });
    const legacy = async () => {
      const { headers } = await app.call('/plain');
      return ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));
    };
    clock.wait({ ms: 100 });
    expect(await legacy()).toEqual(['3', '2', expect.stringMatching(/^6[01]$/)]);
    await callTimes(2, () => app.call('/plain'));
    clock.wait({ seconds: 10 });
    expect(await legacy()).toEqual(['3', '0', expect.stringMatching(/^5[01]$/)]);
  });

  it('support in the problem body is set by a function of the denial, or is a default text', async () => {
    await start({
      support: ({ api, account }, context) =>
        `mailto:limits@example.com?subject=${account}-${api}-${context.getType()}`,
    });
    await callTimes(3, () => app.call('/plain'));
    expect((await app.call('/plain')).body.support).toBe('mailto:limits@example.com?subject=acme-one-http');
    await app.app.close();
    await start();
    await callTimes(3, () => app.call('/plain'));
    expect((await app.call('/plain')).body.support).toMatch(/support/);
  });

  it('onDecision is called once per call, and its errors are ignored', async () => {
    const seen: boolean[] = [];
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    await start({
      onDecision: async ({ allowed }) => {
        seen.push(allowed);
        throw new Error('the hook is broken');
      },
    });
    expect(await callTimes(4, () => app.call('/plain/guarded'))).toEqual({ 200: 3, 429: 1 });
    expect(seen).toEqual([true, true, true, false]);
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('an error of a resolver is passed on, and the call is not counted', async () => {
    await start({
      subjects: {
        account: () => {
          throw new HttpException('not your bot', 403);
        },
      },
    });
    const seen = jest.spyOn(app.app.get(Limiter), 'acquire');
    expect((await app.call('/plain')).status).toBe(403);
    expect(seen).not.toHaveBeenCalled();
  });

  it('a dimension that was not found is logged once per API', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    await start({ subjects: { table: () => undefined } }, []);
    await callTimes(3, () => app.call('/strict'));
    const lines = warned.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('shared subject'));
    expect(lines).toEqual([expect.stringContaining('two: "table"')]);
  });

  it('guarded calls get 503 while the store is unavailable, no handler runs, and the failure is logged once a second', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const limiter = createLimiter({ store: awayStore(), catalogue: sampleCatalogue });
    @Controller('bots')
    class BotsController {
      static handled = 0;
      @Get()
      @RateLimit('get-bots')
      list() {
        return { handled: ++BotsController.handled };
      }
    }
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateModule.forRoot({ limiter })],
      controllers: [BotsController],
    });
    const { status, headers, body } = await app.call('/bots');
    expect(status).toBe(503);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ title: 'Service Unavailable', status: 503 });
    expect(JSON.stringify(body)).not.toContain('ECONNREFUSED');
    await callTimes(5, () => app.call('/bots'));
    expect(BotsController.handled).toBe(0);
    expect(logged).toHaveBeenCalledTimes(1);
  });

  // Fastify runs only the first route that matches.
  if (platform === 'Express') {
    it('a call that passes two handlers is counted once', async () => {
      await start();
      expect(await callTimes(4, () => app.call('/fall/through'))).toEqual({ 200: 3, 429: 1 });
    });
  }

  it('a module that is not global works in the modules that import it', async () => {
    @Module({
      imports: [RollgateTestingModule.forRoot({ clock: clock.read, catalogue, isGlobal: false })],
      controllers: [PlainController],
      providers: OWN_GUARDS,
    })
    class PlainModule {}
    app = await startApp({
      adapter: adapter(),
      imports: [PlainModule],
      providers: [{ provide: APP_GUARD, useClass: TokenGuard }],
    });
    expect(await callTimes(4, () => app.call('/plain/guarded'))).toEqual({ 200: 3, 429: 1 });
  });
});
