import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { MetadataScanner, ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { ACCESS, type Access } from '../src/http/access.decorators.js';
import { PERMISSIONS } from '../src/http/permissions.js';
import { serverModule } from '../src/server.module.js';
import { type OwnService, startOwnService } from './start-service.js';

/** Metadata keys of Nest's route decorators (@nestjs/common/constants). */
const PATH = 'path';

interface DeclaredRoute {
  readonly name: string;
  readonly access: Access | undefined;
}

/** Every handler of every controller, in any module. */
function routesOf(app: NestExpressApplication): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  return [...app.get(ModulesContainer).values()].flatMap(({ controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) => {
      const prototype = (metatype as { prototype: object }).prototype;
      return scanner
        .getAllMethodNames(prototype)
        .map((method) => ({ method, handler: (prototype as Record<string, object>)[method] as object }))
        .filter(({ handler }) => Reflect.hasMetadata(PATH, handler))
        .map(({ method, handler }) => ({
          name: `${metatype?.name}.${method}`,
          access: Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, metatype as object),
        }));
    }),
  );
}

let service: OwnService;

beforeAll(async () => {
  service = await startOwnService();
});

afterAll(() => service?.stop());

test('every route declares who may call it', () => {
  const routes = routesOf(service.server.app);
  expect(routes.length).toBeGreaterThan(10);
  expect(routes.filter(({ access }) => access === undefined).map(({ name }) => name)).toEqual([]);
});

test('every permission that a route requires exists, and every public route gives a reason', () => {
  for (const { name, access } of routesOf(service.server.app)) {
    if (access === undefined || 'signedIn' in access) continue;
    if ('permission' in access) expect([name, access.permission in PERMISSIONS]).toEqual([name, true]);
    else expect([name, access.publicBecause.length > 10]).toEqual([name, true]);
  }
});

@Controller('forgotten')
class ForgottenController {
  @Get()
  get(): string {
    return 'open to everybody';
  }
}

@Module({ controllers: [ForgottenController] })
class ForgottenModule {}

test('a route that declares no access is found by this test, refused to every caller, and logged', async () => {
  const log: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void log.push(line) });
  const settings = {
    host: '127.0.0.1',
    port: 0,
    databaseUrl: service.database.url,
    logLevel: 'error',
    keepSeconds: undefined,
    environment: 'test',
  } as const;
  const whole = serverModule({ settings, logger, sweepEveryMs: undefined });
  const withForgotten = { ...whole, imports: [...(whole.imports ?? []), ForgottenModule] };
  const app = await NestFactory.create<NestExpressApplication>(withForgotten, { logger: false });
  try {
    await app.listen(0, '127.0.0.1');
    expect(routesOf(app).filter(({ access }) => access === undefined)).toEqual([
      { name: 'ForgottenController.get', access: undefined },
    ]);
    const answer = await fetch(`${await app.getUrl()}/forgotten`);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ status: 403, message: 'This route is not available.' });
    expect(log.join()).toContain('ForgottenController.get');
  } finally {
    await app.close();
  }
});
