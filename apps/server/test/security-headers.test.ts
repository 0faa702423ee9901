/**
 * The security headers of every response: JSON runs nothing, pages run only the service's files, and no site may frame
 * them.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Answer, type OwnService, startOwnService } from './start-service.js';

let service: OwnService;
beforeAll(async () => {
  service = await startOwnService();
});
afterAll(() => service?.stop());

/** The content security policy of a response, by directive. */
function policyOf({ headers }: Answer): Record<string, string> {
  const parts = (headers.get('content-security-policy') ?? '').split(';').map((part) => part.trim());
  return Object.fromEntries(parts.map((part) => [part.split(' ', 1)[0], part.split(' ').slice(1).join(' ')]));
}

const JSON_BODY = { 'content-type': 'application/json' };
const NOTHING = { 'default-src': "'none'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" };

test.each<[path: string, status: number, init: RequestInit]>([
  ['/', 200, {}],
  ['/healthz', 200, {}],
  ['/readyz', 200, {}],
  ['/metrics', 200, {}],
  ['/openapi.json', 200, {}],
  ['/admin/api/session', 200, {}],
  ['/admin/api/overrides', 401, {}],
  ['/admin/api/nothing', 404, {}],
  ['/api/decisions', 401, { method: 'POST', body: '{}', headers: JSON_BODY }],
  ['/api/decisions', 400, { method: 'POST', body: '{', headers: JSON_BODY }],
  ['/api/decisions', 413, { method: 'POST', body: JSON.stringify('x'.repeat(65_537)), headers: JSON_BODY }],
  ['/nothing', 404, {}],
  ['/%', 404, {}],
])('%s (%i) may run nothing and may not be framed', async (path, status, init) => {
  const answer = await service.call(path, init);
  expect(answer.status).toBe(status);
  expect(policyOf(answer)).toEqual(NOTHING);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': expect.stringMatching(/^(DENY|SAMEORIGIN)$/),
    'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  for (const name of ['x-powered-by', 'server', 'access-control-allow-origin', 'access-control-allow-credentials'])
    expect([name, answer.headers.get(name)]).toEqual([name, null]);
});

test.each(['/docs', '/admin/', '/admin/accounts/acme'])(
  '%s may run files of the service but no inline script',
  async (path) => {
    const answer = await service.call(path, { redirect: 'follow' });
    const policy = policyOf(answer);
    expect(policy).toMatchObject({ ...NOTHING, 'script-src': "'self'", 'connect-src': "'self'" });
    expect(JSON.stringify(policy)).not.toMatch(/unsafe-eval|\*|https?:/);
    // Every script of the page is a file.
    for (const [tag] of answer.text.matchAll(/<script\b[^>]*>/g)) expect(tag).toMatch(/ src="/);
    expect(answer.text).not.toMatch(/<[^>]+ on\w+=|javascript:/i);
  },
);

test('style elements of the screens need the nonce of their page, which is different each time', async () => {
  const nonces = await Promise.all(
    [1, 2].map(async () => {
      const answer = await service.call('/admin/');
      const nonce = /'nonce-([\w+/=]{22,})'/.exec(policyOf(answer)['style-src'] ?? '')?.[1];
      if (answer.status === 200) expect(answer.text).toContain(String(nonce));
      return nonce;
    }),
  );
  expect(nonces[0]).toBeDefined();
  expect(nonces[1]).not.toBe(nonces[0]);
});

test('no cache stores responses with data about other people', async () => {
  for (const path of ['/admin/api/session', '/admin/api/overrides', '/admin/api/limit-events'])
    expect((await service.call(path)).headers.get('cache-control')).toContain('no-store');
});
