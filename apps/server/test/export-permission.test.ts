/** Every route that can return a file (CSV, JSON lines) does so only for callers with the permission `export`. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../src/http/openapi.js';
import { PERMISSIONS, type Permission } from '../src/http/permissions.js';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { AUTHOR, browserOf } from './browser.js';
import { withQuery } from './needed-parameters.js';
import { type Answer, type OwnService, startOwnService } from './start-service.js';

const FILE_TYPES = ['text/csv', 'application/x-ndjson'] as const;
const FORMATS = { 'text/csv': 'csv', 'application/x-ndjson': 'ndjson' } as const;
/** These need `staff.read`. */
const OF_AUDITORS = ['/admin/api/access-log', '/admin/api/sign-ins'];
const EVERYTHING = Object.keys(PERMISSIONS) as Permission[];

interface Operation {
  readonly method: string;
  readonly path: string;
  /** Media types of a successful response. */
  readonly types: readonly string[];
}

let service: OwnService;
let exporter: string;
let reader: string;

beforeAll(async () => {
  service = await startOwnService();
  exporter = await tokenFor('exporter', EVERYTHING);
  reader = await tokenFor(
    'reader',
    EVERYTHING.filter((permission) => permission !== 'export'),
  );
  // The list of the accounts of a plan needs the plan.
  const plan = { id: 'x', title: 'X', limits: [{ factor: 2 }], reason: 'test' };
  expect((await (await browserOf(service, 'admin')).post('/admin/api/plans', plan)).status).toBe(201);
});

afterAll(() => service?.stop());

async function tokenFor(name: string, permissions: Permission[]): Promise<string> {
  const tokens = service.server.app.get(ServiceTokens, { strict: false });
  return (await tokens.create({ name, permissions, role: 'admin', expiresAt: null }, AUTHOR)).secret;
}

function operations(): Operation[] {
  return Object.entries(openApiDocument(service.server.app, { version: 'test' }).paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const responses = (operation as { responses: Record<string, { content?: object }> }).responses;
      const done = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      return {
        method: method.toUpperCase(),
        path,
        types: done.flatMap(([, { content = {} }]) => Object.keys(content)),
      };
    }),
  );
}

const filled = (path: string) => path.replaceAll(/\{\w+\}/g, 'x');

function call(secret: string, { method, path }: Pick<Operation, 'method' | 'path'>, accept = '*/*'): Promise<Answer> {
  return service.call(filled(path), {
    method,
    headers: { authorization: `Bearer ${secret}`, accept, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
}

const isFile = ({ headers }: Answer) =>
  headers.has('content-disposition') || FILE_TYPES.some((type) => headers.get('content-type')?.startsWith(type));

test('exactly these lists can be downloaded', () => {
  const found = operations().flatMap(({ method, path, types }) =>
    FILE_TYPES.filter((type) => types.includes(type)).map((type) => `${method} ${path} ${FORMATS[type]}`),
  );
  expect(found.sort()).toEqual([
    'GET /admin/api/access-log csv',
    'GET /admin/api/accounts csv',
    'GET /admin/api/history csv',
    'GET /admin/api/limit-events csv',
    'GET /admin/api/limit-events ndjson',
    'GET /admin/api/near-limit csv',
    'GET /admin/api/overrides csv',
    'GET /admin/api/plans/{plan}/accounts csv',
    'GET /admin/api/requests csv',
    'GET /admin/api/sign-ins csv',
    'GET /admin/api/what-if csv',
  ]);
});

describe.each(FILE_TYPES)('%s', (type) => {
  const format = FORMATS[type];
  const asked = [
    { by: 'query', query: { format }, accept: '*/*' },
    { by: 'Accept', query: {}, accept: type },
    { by: 'Accept among others', query: {}, accept: `${type}, application/json;q=0.5` },
  ];

  test.each(asked)('without the permission no route returns a file requested by $by', async (way) => {
    for (const { method, path, types } of operations()) {
      const answer = await call(reader, { method, path: withQuery(path, way.query) }, way.accept);
      expect([method, path, isFile(answer)]).toEqual([method, path, false]);
      if (!types.includes(type)) continue;
      expect([path, answer.status, answer.body['message']]).toEqual([path, 403, 'This needs the permission "export".']);
      const allowed = await call(exporter, { method, path: withQuery(path, way.query) }, way.accept);
      expect([path, allowed.status, isFile(allowed)]).toEqual([path, 200, true]);
    }
  });
});

test('the role viewer can read every list but those of auditors, and download none', async () => {
  const viewer = await browserOf(service, 'viewer');
  for (const { path: route, types } of operations().filter(({ types }) => types.includes('text/csv'))) {
    const path = filled(route);
    expect(types).toContain('application/json');
    expect([path, (await viewer.get(withQuery(path))).status]).toEqual([path, OF_AUDITORS.includes(path) ? 403 : 200]);
    expect([path, (await viewer.get(withQuery(path, { format: 'csv' }))).status]).toEqual([path, 403]);
    expect([path, (await viewer.call('HEAD', withQuery(path, { format: 'csv' }))).status]).toEqual([path, 403]);
  }
});

test('format=json takes precedence over an Accept header that prefers a file', async () => {
  const answer = await call(reader, { method: 'GET', path: '/admin/api/overrides?format=json' }, 'text/csv');
  expect([answer.status, answer.body]).toEqual([200, { items: [], next: null }]);
});
