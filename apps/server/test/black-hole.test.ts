/** A database that accepts connections and never responds: every route ends in time, with 503 and Retry-After. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { SILENT_CALLS_END_WITHIN_MS } from '@rollgate/limiter';
import { createTestDatabase, TcpProxy, type TestDatabase, until } from '@rollgate/testing';
import { ACCESS, type Access } from '../src/http/access.decorators.js';
import { PERMISSIONS } from '../src/http/permissions.js';
import { type Browser, browserOf } from './browser.js';
import { type Answer, startService, type TestService } from './start-service.js';

/** The longest time a route waits for an unresponsive database, plus time for a busy machine. */
const ENDS_WITHIN_MS = SILENT_CALLS_END_WITHIN_MS + 2_500;
/** The number of simultaneous calls: more than the pool has connections. */
const AT_ONCE = 12;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
}

let database: TestDatabase;
let proxy: TcpProxy;
let service: TestService;
let admin: Browser;
let token = '';

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await TcpProxy.start(database.url);
  service = await startService({ databaseUrl: proxy.through(database.url) });
  admin = await browserOf(service, 'admin');
  const made = await admin.post('/admin/api/tokens', { name: 'everything', permissions: Object.keys(PERMISSIONS) });
  token = String(made.body['secret']);
  expect((await decide()).status).toBe(200);
});
afterAll(async () => {
  await service?.server.close();
  await proxy?.close();
  await database?.drop();
});

/** Every route of every controller, with ids in place of parameters. */
function routes(): Route[] {
  const scanner = new MetadataScanner();
  return [...service.server.app.get(ModulesContainer).values()].flatMap(({ controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) => {
      const { prototype } = metatype as { prototype: Record<string, object> };
      const base = String(Reflect.getMetadata('path', metatype as object));
      return scanner
        .getAllMethodNames(prototype)
        .map((name) => prototype[name] as object)
        .filter((handler) => Reflect.hasMetadata('path', handler))
        .map((handler) => ({
          method: RequestMethod[Reflect.getMetadata('method', handler)] as string,
          path: `/${base}/${Reflect.getMetadata('path', handler)}`
            .replaceAll(/\/+/g, '/')
            .replace(/(.)\/$/, '$1')
            .replaceAll(/:(\w+)/g, (_, name) => (name === 'account' ? 'acme' : '1')),
          access: (Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, metatype as object)) as Access,
        }));
    }),
  );
}

type Timed = Pick<Answer, 'status' | 'text'> & { route: string; ms: number; retryAfter: string | null };

async function timed({ method, path }: Pick<Route, 'method' | 'path'>, call: () => Promise<Answer>): Promise<Timed> {
  const startedAt = performance.now();
  const { status, text, headers } = await call();
  const ms = Math.round(performance.now() - startedAt);
  return { route: `${method} ${path}`, status, ms, retryAfter: headers.get('retry-after'), text };
}

async function all<T>(calls: readonly (() => Promise<T>)[]): Promise<T[]> {
  const answers: T[] = [];
  for (let i = 0; i < calls.length; i += AT_ONCE) {
    answers.push(...(await Promise.all(calls.slice(i, i + AT_ONCE).map((call) => call()))));
  }
  return answers;
}

const amiss = (answers: readonly Timed[]) =>
  answers.filter(
    ({ status, ms, retryAfter }) =>
      ms > ENDS_WITHIN_MS || (status >= 500 && (status !== 503 || !/^[1-9]$/.test(retryAfter ?? ''))),
  );

function decide(bot = 'b') {
  const body = JSON.stringify({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return service.call('/api/decisions', { method: 'POST', headers, body });
}

const bearer = (path: string, init: RequestInit = {}) =>
  service.call(path, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });

test('each route called with a person’s session ends in time, with 503 where the person must be known', async () => {
  const found = routes();
  expect(found.length).toBeGreaterThan(40);
  proxy.set({ kind: 'black-hole' });
  const answers = await all(
    found.map(
      (route) => () =>
        timed(route, () => admin.call(route.method, route.path, route.method === 'GET' ? undefined : {})),
    ),
  );
  expect(amiss(answers)).toEqual([]);
  const closed = answers.filter((_, i) => !('publicBecause' in (found[i] as Route).access));
  expect(closed.filter(({ status }) => status !== 503)).toEqual([]);
});

test('a sign-in ends in time', async () => {
  const answer = await timed({ method: 'POST', path: '/admin/api/session' }, () => admin.signIn('ann@example.com'));
  expect([answer.status, amiss([answer])]).toEqual([503, []]);
});

test('decisions for a known token continue within their time limit', async () => {
  const answers = await all(
    Array.from({ length: 5 }, (_, i) => () => timed({ method: 'POST', path: '' }, () => decide(`b-${i}`))),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(4_000);
});

test('each guarded route that reads, called with a known token, ends in time', async () => {
  const read = routes().filter(({ method, access }) => method === 'GET' && 'permission' in access);
  expect(read.length).toBeGreaterThan(15);
  const answers = await all([
    ...read.map((route) => () => timed(route, () => bearer(route.path))),
    ...['overrides', 'history', 'events'].map(
      (list) => () => timed({ method: 'GET', path: list }, () => bearer(`/admin/api/${list}?format=csv`)),
    ),
  ]);
  expect(amiss(answers)).toEqual([]);
  expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(12);
});

test('each guarded route that changes something, called with a known token, ends in time', async () => {
  const body = (value: unknown) => ({ method: 'POST', body: JSON.stringify(value) });
  const changes: [string, RequestInit][] = [
    ['/admin/api/overrides', body({ account: 'acme', api: 'publish-bot', perMinute: 70, reason: 'launch day' })],
    [
      '/admin/api/overrides/expire',
      body({ ids: Array.from({ length: 50 }, (_, i) => `ovr_${i}`), reason: 'cleaning up' }),
    ],
    ['/admin/api/requests', body({ account: 'acme', api: 'publish-bot', perMinute: 70, reason: 'launch day' })],
  ];
  const answers = await all(
    changes.map(
      ([path, init]) =>
        () =>
          timed({ method: 'POST', path }, () => bearer(path, init)),
    ),
  );
  expect(amiss(answers)).toEqual([]);
  expect(answers.filter(({ status }) => status === 500)).toEqual([]);
});

test('once the database responds again, every route works again within seconds', async () => {
  proxy.set({ kind: 'pass' });
  const answers = () => all(Array.from({ length: 12 }, () => () => admin.get('/admin/api/overrides')));
  await until(async () => (await answers()).map(({ status }) => status), {
    what: 'every request succeeds',
    accept: (statuses) => statuses.every((status) => status === 200),
    timeoutMs: 10_000,
  });
  expect((await admin.get('/readyz')).status).toBe(200);
});
