import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { signToken } from '../src/auth/tokens.js';
import { SECRET, startPlatform, type TestPlatform } from './start-platform.js';

const key = (secret: string) => new TextEncoder().encode(secret);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = () => ({ iss: 'rollgate-platform', account: 'acme', exp: now() + 60 });
const signed = (payload: Record<string, unknown>, { secret = SECRET, alg = 'HS256' } = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(key(secret));

let it: TestPlatform;
beforeAll(async () => {
  it = await startPlatform();
});
afterAll(() => it.stop());

const get = (authorization?: string) =>
  it.call('GET', '/api/public/roles', {
    account: null,
    ...(authorization !== undefined && { headers: { authorization } }),
  });

test('a signed token that is not expired is accepted', async () => {
  expect((await get(`Bearer ${await signed(claims())}`)).status).toBe(200);
  expect(
    (await get(`bearer ${await signToken({ secret: SECRET, account: 'acme', app: 'shop', expiresInSeconds: 60 })}`))
      .status,
  ).toBe(200);
});

test('every other token is 401, with a reason, and counts nothing', async () => {
  const { exp: _, ...unending } = claims();
  const { account: __, ...nameless } = claims();
  const wrong: Record<string, string> = {
    'alg none': `${base64url({ alg: 'none' })}.${base64url(claims())}.`,
    'alg none with a signature': `${base64url({ alg: 'none' })}.${base64url(claims())}.${(await signed(claims())).split('.')[2]}`,
    'another algorithm of the same key': await signed(claims(), { alg: 'HS512' }),
    'wrong key': await signed(claims(), { secret: `${SECRET}!` }),
    expired: await signed({ ...claims(), exp: now() - 1 }),
    'not valid yet': await signed({ ...claims(), nbf: now() + 60 }),
    'without an expiry': await signed(unending),
    'another issuer': await signed({ ...claims(), iss: 'somebody' }),
    'no account': await signed(nameless),
    'a blank account': await signed({ ...claims(), account: ' ' }),
    'an account that is not a string': await signed({ ...claims(), account: ['acme'] }),
    'an account with NUL': await signed({ ...claims(), account: 'ac\0me' }),
    'an account too long': await signed({ ...claims(), account: 'a'.repeat(257) }),
    'too long': `${'a'.repeat(5000)}`,
    'no token at all': 'nonsense',
  };
  for (const [what, token] of Object.entries(wrong)) {
    const { status, body, headers } = await get(`Bearer ${token}`);
    expect({ what, status, message: typeof body['message'] }).toEqual({ what, status: 401, message: 'string' });
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('ratelimit')).toBeNull();
  }
  expect((await get()).status).toBe(401);
  expect((await get(`Basic ${await signed(claims())}`)).status).toBe(401);
});

test('a token that was accepted is rejected once it has expired', async () => {
  const token = await signed({ ...claims(), exp: now() + 2 });
  expect((await get(`Bearer ${token}`)).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect((await get(`Bearer ${token}`)).body['message']).toBe('The token has expired.');
});

test('the account comes from the token, whatever else a client sends', async () => {
  const other = await it.call('GET', '/api/public/rate-limits', {
    account: 'somebody',
    headers: { 'x-account': 'acme', account: 'acme' },
  });
  expect(other.body).toMatchObject({ account: 'somebody', items: [] });
});
