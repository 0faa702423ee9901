import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OwnService, startOwnService } from './start-service.js';

let service: OwnService;

beforeAll(async () => {
  service = await startOwnService();
});

afterAll(() => service?.stop());

const JSON_BODY = { 'content-type': 'application/json' };

test('the root path names the service and links to its probes and metrics', async () => {
  const { status, body } = await service.call('/');
  expect(status).toBe(200);
  expect(body).toEqual({
    name: 'rollgate',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    links: ['/healthz', '/readyz', '/metrics'],
  });
  for (const link of body['links'] as string[]) expect((await service.call(link)).status).toBe(200);
});

test.each(['/nowhere', '/healthz/', '/HEALTHZ', '//healthz'])(
  '%s is not a route and gets a 404 problem',
  async (path) => {
    const { status, headers, body } = await service.call(path);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({ type: 'about:blank', title: 'Not Found', status: 404, message: `Cannot GET ${path}` });
  },
);

test.each<[string, RequestInit, number]>([
  ['malformed JSON', { body: '{"a":', headers: JSON_BODY }, 400],
  ['a body above 64 kB', { body: JSON.stringify('x'.repeat(65_537)), headers: JSON_BODY }, 413],
  ['an unknown encoding', { body: '{}', headers: { ...JSON_BODY, 'content-encoding': 'rot13' } }, 415],
])('%s is refused with a problem', async (_, init, expected) => {
  const { status, headers, body } = await service.call('/', { method: 'POST', ...init });
  expect(status).toBe(expected);
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({ status: expected, message: expect.any(String) });
});

test('every response has the security headers and its own id, not the one that the caller sent', async () => {
  const answers = await Promise.all(
    ['/', '/nowhere', '/healthz'].map((path) => service.call(path, { headers: { 'x-request-id': 'mine' } })),
  );
  for (const { headers } of answers) {
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(3);
});

test('a request is logged once, without query and headers, and probes are not logged', async () => {
  const id = (await service.call('/logged?code=secret', { headers: { authorization: 'Bearer secret' } })).headers.get(
    'x-request-id',
  );
  for (const probe of ['/healthz', '/readyz', '/metrics']) await service.call(probe);
  const lines = service.log.filter(({ req }) => req !== undefined);
  expect(lines.filter(({ req }) => (req as { id: string }).id === id)).toMatchObject([
    { level: 30, req: { method: 'GET', path: '/logged' }, res: { statusCode: 404 } },
  ]);
  expect(lines.filter(({ req }) => /^\/(healthz|readyz|metrics)$/.test((req as { path: string }).path))).toEqual([]);
  expect(JSON.stringify(service.log)).not.toContain('secret');
});
