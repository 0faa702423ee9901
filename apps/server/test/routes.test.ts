import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Controller, Get, Module, Param, RequestMethod } from '@nestjs/common';
import { MetadataScanner, ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import type { z } from 'zod';
import { ACCESS, type Access } from '../src/http/access.decorators.js';
import { EXPORTS } from '../src/http/export-form.js';
import { PERMISSIONS } from '../src/http/permissions.js';
import { READ_ROUTE, type ReadRoute } from '../src/http/reads.js';
import { Route } from '../src/http/route.js';
import { serverModule } from '../src/server.module.js';
import { accountParams } from '../src/usage/accounts.schemas.js';
import { browserOf } from './browser.js';
import { withQuery } from './needed-parameters.js';
import { type OwnService, startOwnService } from './start-service.js';

/** Metadata keys of Nest's route decorators (@nestjs/common/constants). */
const PATH = 'path';
const METHOD = 'method';

interface DeclaredRoute {
  readonly name: string;
  readonly access: Access | undefined;
  readonly read: ReadRoute | undefined;
  /** Whether the answer can be a file. */
  readonly exports: boolean;
  readonly isGet: boolean;
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
          read: Reflect.getMetadata(READ_ROUTE, handler),
          exports: Reflect.hasMetadata(EXPORTS, handler),
          isGet: Reflect.getMetadata(METHOD, handler) === RequestMethod.GET,
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

/** Names of routes that take an account to read, and do not state what the access log records. */
function unrecorded(routes: readonly DeclaredRoute[]): string[] {
  return routes
    .filter(({ isGet, read }) => isGet && ['params', 'query'].some((part) => takesAccount(read, part as 'params')))
    .filter(({ read }) => read?.reads === undefined)
    .map(({ name }) => name);
}

function takesAccount(read: ReadRoute | undefined, part: 'params' | 'query'): boolean {
  return 'account' in (read?.[part]?.shape ?? {});
}

test('every route that reads an account states what the access log records, and the statement fits the route', () => {
  const routes = routesOf(service.server.app);
  expect(unrecorded(routes)).toEqual([]);
  const stated = routes.filter(({ read }) => read?.reads !== undefined);
  expect(stated.length).toBeGreaterThan(10);
  for (const { name, read } of stated) {
    const { reads } = read as ReadRoute;
    const inBody = 'account' in ((read?.body as z.ZodObject | undefined)?.shape ?? {});
    if (reads === 'account') expect([name, takesAccount(read, 'params') || inBody]).toEqual([name, true]);
    if (reads === 'list') expect([name, takesAccount(read, 'query')]).toEqual([name, true]);
    if (typeof reads === 'object' && 'notRecordedBecause' in reads)
      expect([name, reads.notRecordedBecause.length > 10]).toEqual([name, true]);
  }
});

test('each export of each route is recorded, without a statement of the route', async () => {
  const routes = routesOf(service.server.app).filter(({ exports }) => exports);
  expect(routes.length).toBeGreaterThan(8);
  const admin = await browserOf(service, 'admin');
  // The list of the accounts of a plan needs the plan.
  expect(
    (await admin.post('/admin/api/plans', { id: 'x', title: 'X', limits: [{ factor: 2 }], reason: 'test' })).status,
  ).toBe(201);
  const { paths } = (await admin.get('/openapi.json')).body as { paths: Record<string, Record<string, Operation>> };
  const sent: string[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    const { get } = operations;
    if (get === undefined || !routes.some(({ read }) => read?.id === get.operationId)) continue;
    const answer = await admin.get(withQuery(path.replaceAll(/\{\w+\}/g, 'x'), { format: 'csv' }));
    expect([path, answer.status]).toEqual([path, 200]);
    sent.push(get.operationId);
  }
  expect(sent).toHaveLength(routes.length);
  const recorded = await service.database.pool.query<{ route: string }>(
    `SELECT routes[1] AS route FROM rollgate.access_log WHERE action = 'export' ORDER BY id`,
  );
  expect(recorded.rows.map(({ route }) => route)).toEqual(sent);
});

interface Operation {
  readonly operationId: string;
}

@Controller('forgotten')
class ForgottenController {
  @Get()
  get(): string {
    return 'open to everybody';
  }

  @Get(':account')
  @Route({ id: 'forgotten', summary: 'An account', access: { signedIn: true }, params: accountParams })
  account(@Param('account') account: string): string {
    return account;
  }
}

@Module({ controllers: [ForgottenController] })
class ForgottenModule {}

test('a route that declares no access or no record of an account is found by this test; the first is refused to every caller, and logged', async () => {
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
    const routes = routesOf(app);
    expect(routes.filter(({ access }) => access === undefined).map(({ name }) => name)).toEqual([
      'ForgottenController.get',
    ]);
    expect(unrecorded(routes)).toEqual(['ForgottenController.account']);
    const answer = await fetch(`${await app.getUrl()}/forgotten`);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ status: 403, message: 'This route is not available.' });
    expect(log.join()).toContain('ForgottenController.get');
  } finally {
    await app.close();
  }
});
