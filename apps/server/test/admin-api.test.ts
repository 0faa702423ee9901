/** Rules of the whole admin API over HTTP: refusals, its description, and the state of the system. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { type Desk, type Json, openDesk, path } from './admin-traffic.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const api = 'publish-bot';

describe('refusals', () => {
  test.each<[string, string, Json | undefined, number]>([
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, reason: 'x', colour: 'red' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: -1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1e12, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1.5, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1 }, 400],
    ['POST', 'overrides', { account: ' ', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a\u0000', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: '\ud800', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a'.repeat(300), api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, group: 'g', perMinute: 1, reason: 'x' }, 422],
    [
      'POST',
      'overrides',
      { account: 'a', api: 'no-such', perMinute: 1, reason: 'x', expiresAt: '2999-01-01T00:00:00Z' },
      404,
    ],
    ['POST', 'overrides', { account: 'a', api, dimensions: { table: 't' }, perMinute: 1, reason: 'x' }, 422],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, expiresAt: '2001-01-01T00:00:00Z', reason: 'x' }, 422],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, expiresAt: 'tomorrow', reason: 'x' }, 400],
    ['GET', 'overrides?limit=0', undefined, 400],
    ['GET', 'overrides?after=nonsense', undefined, 400],
    ['GET', 'overrides?after=WzEsMl0', undefined, 400],
    ['GET', 'overrides?colour=red', undefined, 400],
    ['GET', 'overrides/ovr_0', undefined, 404],
    ['GET', 'requests/req_0', undefined, 404],
    ['GET', 'accounts/%00/usage', undefined, 400],
    ['GET', 'history?from=yesterday', undefined, 400],
    ['GET', `overrides?ticket=${encodeURIComponent("'; DROP TABLE rollgate.override; --")}`, undefined, 200],
  ])('%s %s %j is refused with %i', async (method, where, body, status) => {
    const answer = await desk.admin.call(method, path(where), body);
    expect([answer.status, answer.text.includes('rollgate.') && status !== 200]).toEqual([status, false]);
    if (status >= 400) {
      expect(answer.headers.get('content-type')).toMatch(/application\/problem\+json/);
      expect(answer.body).toMatchObject({ status, message: expect.any(String) });
    }
  });

  test.each<[string, string, string, number]>([
    ['viewer', 'POST', 'overrides', 403],
    ['viewer', 'POST', 'requests/req_1/approve', 403],
    ['viewer', 'PATCH', 'catalogue/publish-bot', 403],
    ['viewer', 'GET', 'staff', 403],
    ['auditor', 'POST', 'overrides', 403],
    ['support', 'GET', 'tokens', 403],
    ['support', 'POST', 'staff', 403],
  ])('for the role %s, %s %s is refused with %i', async (role, method, where, status) => {
    const browser = desk[role as 'viewer'];
    expect((await browser.call(method, path(where), method === 'GET' ? undefined : {})).status).toBe(status);
  });

  test('every route answers 401 without credentials', async () => {
    for (const where of [
      'accounts',
      'overrides',
      'requests',
      'history',
      'catalogue',
      'near-limit',
      'system',
      'limit-events',
      'find?q=a',
    ]) {
      expect((await desk.service.call(path(where))).status).toBe(401);
    }
  });
});

test('the OpenAPI 3.1 description has an example and the errors of every admin API route, and /docs shows it', async () => {
  const { body } = await desk.service.call('/openapi.json');
  expect(body['openapi']).toMatch(/^3\.1/);
  for (const [route, operations] of Object.entries(body['paths'] as Json)) {
    if (!route.startsWith('/admin/api') || /sessions?(\/|$)/.test(route)) continue;
    for (const operation of Object.values(operations as Json) as Json[]) {
      const [status, done] =
        Object.entries(operation['responses'] as Json).find(([code]) => code.startsWith('2')) ?? [];
      expect([route, operation['operationId'], status]).toEqual([route, expect.any(String), expect.any(String)]);
      if (status !== '204')
        expect([route, done?.content?.['application/json']?.example]).toEqual([route, expect.anything()]);
      expect(operation['responses']).toHaveProperty('401');
    }
  }
  expect((await desk.service.call('/docs')).text).toMatch(/swagger/i);
});

test('running instances are listed with the version of the limits they have', async () => {
  const system = await until(async () => (await desk.viewer.get(path('system'))).body as Json, {
    what: 'both instances use the newest limits',
    accept: ({ instances, policyVersion }) =>
      instances.length === 2 && instances.every((instance: Json) => instance.policyVersion === policyVersion),
  });
  expect(system['instances'][0]).toMatchObject({ mode: 'normal' });
});
