/** What the module does at the start of an application while the database is away, and where its reports go. */

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Controller, Get, type LoggerService, Module, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createTestDatabase, TcpProxy, type TestDatabase, until } from '@rollgate/testing';
import { RateLimit, RateLimitGuard, RollgateModule } from '../src/index.js';
import type { RollgateOptions } from '../src/options.js';

let database: TestDatabase;
let proxy: TcpProxy;
let app: NestFastifyApplication | undefined;
let lines: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  lines = [];
  proxy = await TcpProxy.start(database.url);
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await app?.close();
  app = undefined;
  await proxy.close();
});

@Controller()
class BotsController {
  @Get('bots')
  @RateLimit('get-bots')
  bots(): string {
    return 'here they are';
  }
}

function moduleWith(options: Partial<RollgateOptions>, databaseUrl: string | undefined): Type {
  const useFactory = () => ({
    limiter:
      options.limiter ??
      createPostgresLimiter({ catalogue: sampleCatalogue, databaseUrl: databaseUrl as string, janitor: false }),
    subjects: { account: () => 'acme' },
    ...options,
  });
  @Module({
    imports: [RollgateModule.forRootAsync({ useFactory })],
    controllers: [BotsController],
    providers: [{ provide: APP_GUARD, useClass: RateLimitGuard }],
  })
  class AppModule {}
  return AppModule;
}

const logger: LoggerService = {
  log: (message, context) => lines.push(`log ${context} ${message}`),
  warn: (message, context) => lines.push(`warn ${context} ${message}`),
  error: (message, ...rest) => lines.push(`error ${rest.at(-1)} ${message}`),
};

async function start(options: Partial<RollgateOptions> = {}, databaseUrl = throughProxy()): Promise<void> {
  app = await NestFactory.create<NestFastifyApplication>(moduleWith(options, databaseUrl), new FastifyAdapter(), {
    logger,
    abortOnError: false,
  });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
}

const throughProxy = () => proxy.through(database.url);
const get = () => (app as NestFastifyApplication).inject({ method: 'GET', url: '/bots' });
const ours = () => lines.filter((line) => / Rollgate /.test(line));

test('with onStart fail, the default, the application does not start while the database is away, and logs the reason in one line', async () => {
  proxy.set({ kind: 'reset' });
  await expect(start()).rejects.toThrow(
    /^the limiter can not reach the database at 127\.0\.0\.1:\d+\/test_\w+: [^\n]+$/,
  );
});

test('with onStart fail, a database that is not migrated stops the start with the command to run', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    await expect(start({}, empty.url)).rejects.toThrow(/holds no Rollgate: run "rollgate migrate"$/);
  } finally {
    await empty.drop();
  }
});

test('an empty DATABASE_URL stops the start', async () => {
  await expect(start({}, '')).rejects.toThrow(/^databaseUrl is empty: it must be like postgres:/);
});

test('with onStart wait, guarded calls get 503 with Retry-After until the database is reached, and that is logged once', async () => {
  proxy.set({ kind: 'reset' });
  await start({ onStart: 'wait' });
  const waiting = await get();
  expect(waiting.statusCode).toBe(503);
  expect(Number(waiting.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  await wait(1_500);
  expect(ours().filter((line) => /decides nothing until/.test(line))).toEqual([
    expect.stringMatching(/^error Rollgate the limiter decides nothing until it has reached its database: /),
  ]);
  proxy.set({ kind: 'pass' });
  await until(async () => (await get()).statusCode === 200, { what: 'a call is allowed' });
  expect(ours()).toContainEqual(expect.stringMatching(/^log Rollgate the limiter has reached its database at /));
}, 60_000);

test('Nest logs the start and the end of an outage once each', async () => {
  await start({
    limiter: createPostgresLimiter({
      catalogue: sampleCatalogue,
      databaseUrl: throughProxy(),
      janitor: false,
      budgetMs: 1_000,
    }),
  });
  expect((await get()).statusCode).toBe(200);
  proxy.set({ kind: 'reset' });
  for (let i = 0; i < 10; i++) expect((await get()).statusCode).toBe(200);
  proxy.set({ kind: 'pass' });
  await until(() => ours().some((line) => /decides again/.test(line)), { what: 'the end of the outage is logged' });
  const about = ours().filter((line) => /decides (without|again)|database decides/.test(line));
  expect(about).toEqual([
    expect.stringMatching(/^error Rollgate the limiter decides without its database: /),
    'log Rollgate the database decides again',
  ]);
}, 60_000);
