/** Readiness of an application with the module, and how it stops. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Controller, Get, Module, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { freePort } from '@rollgate/testing';
import { RollgateHealth, RollgateModule } from '../src/index.js';
import { ADAPTERS } from './http-app.js';

@Controller()
class ProbeController {
  constructor(private readonly health: RollgateHealth) {}

  @Get('readyz')
  ready() {
    const { ready, reason } = this.health.readiness();
    if (!ready) throw new ServiceUnavailableException(reason);
    return this.health.check();
  }

  @Get('work')
  async work() {
    await sleep(100);
    return 'done';
  }
}

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
});

describe.each(ADAPTERS)('$platform', ({ adapter }) => {
  async function start(limiter: Limiter) {
    @Module({ imports: [RollgateModule.forRoot({ limiter })], controllers: [ProbeController] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, adapter(), { logger: false });
    closers.push(() => app.close());
    await app.listen(0, '127.0.0.1');
    return { app, url: await app.getUrl(), health: app.get(RollgateHealth) };
  }

  test('an application is ready while it serves; while it drains it is not ready, and each response closes its connection', async () => {
    const { app, url, health } = await start(createMemoryLimiter({ catalogue: sampleCatalogue }));
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { rollgate: { status: 'up', mode: 'normal' } }]);
    expect(ready.headers.get('connection')).not.toBe('close');

    const startedAt = performance.now();
    const drained = health.drain(300);
    const [probe, work] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/work`)]);
    expect([probe.status, probe.headers.get('connection')]).toEqual([503, 'close']);
    expect(await probe.json()).toMatchObject({ message: 'the application is shutting down' });
    expect([work.status, await work.text(), work.headers.get('connection')]).toEqual([200, 'done', 'close']);
    expect(health.check()).toEqual({
      rollgate: { status: 'down', mode: 'normal', reason: 'the application is shutting down' },
    });
    await drained;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
    await app.close();
  });

  test('an application that is closed without draining is not ready', async () => {
    const { app, health } = await start(createMemoryLimiter({ catalogue: sampleCatalogue }));
    await app.close();
    expect(health.isReady()).toBe(false);
  });
});

test('an application whose limiter has not reached its database is not ready and reports the reason', async () => {
  const databaseUrl = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
  const limiter = createPostgresLimiter({
    databaseUrl,
    catalogue: sampleCatalogue,
    janitor: false,
    onReport: () => {},
  });
  closers.push(() => limiter.close());
  const health = new RollgateHealth(limiter, {} as never);
  await limiter.start().catch(() => undefined);
  expect(health.readiness()).toMatchObject({
    ready: false,
    mode: 'starting',
    reason: expect.stringContaining('database'),
  });
});
