import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readSettings } from './settings.js';

const SECRET = 'a secret of more than thirty-two bytes, for tests';
const GIVEN = { ROLLGATE_JWT_SECRET: SECRET, DATABASE_URL: 'postgres://127.0.0.1/rollgate' };

test('a setting that is missing or empty has its default', () => {
  expect(readSettings({ ...GIVEN, PLATFORM_PORT: '', PLATFORM_HOST: '' })).toEqual({
    host: '127.0.0.1',
    port: 3001,
    databaseUrl: GIVEN.DATABASE_URL,
    pooled: false,
    jwtSecret: SECRET,
    supportUrl: undefined,
    drainMs: 5_000,
  });
});

const folder = mkdtempSync(join(tmpdir(), 'platform-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['DATABASE_URL_FILE', (password: string) => `postgres://me:${password}@127.0.0.1/rollgate`],
  ['DATABASE_PASSWORD_FILE', (password: string) => password],
])('the file of %s is read again, so that a rotated password is used without a restart', (variable, contentWith) => {
  const file = join(folder, variable);
  const environment = {
    ROLLGATE_JWT_SECRET: SECRET,
    ...(variable === 'DATABASE_PASSWORD_FILE' && { DATABASE_URL: 'postgres://me@127.0.0.1/rollgate' }),
    [variable]: file,
  };
  writeFileSync(file, `${contentWith('first')}\n`);
  const { databaseUrl, readDatabaseUrl } = readSettings(environment);
  expect(databaseUrl).toBe('postgres://me:first@127.0.0.1/rollgate');
  writeFileSync(file, contentWith('second'));
  expect(readDatabaseUrl?.()).toBe('postgres://me:second@127.0.0.1/rollgate');
  expect(readSettings(GIVEN).readDatabaseUrl).toBeUndefined();
});

describe('a wrong setting is refused with its name', () => {
  test.each<[wrong: Record<string, string>, reason: string]>([
    [{ DATABASE_URL: '' }, 'DATABASE_URL is missing'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL is not a Postgres URL like postgres://'],
    [{ DATABASE_URL_FILE: '/nowhere', DATABASE_URL: '' }, 'DATABASE_URL_FILE /nowhere cannot be read: ENOENT'],
    [{ ROLLGATE_JWT_SECRET: '' }, 'ROLLGATE_JWT_SECRET is missing'],
    [{ ROLLGATE_JWT_SECRET: 'x'.repeat(31) }, 'ROLLGATE_JWT_SECRET: a secret has at least 32 bytes, this one has 31'],
    [{ ROLLGATE_JWT_SECRET: '', ROLLGATE_JWT_SECRET_FILE: '/nowhere' }, 'ROLLGATE_JWT_SECRET_FILE /nowhere: '],
    [{ PLATFORM_PORT: '70000' }, 'PLATFORM_PORT must be a port, 0 to 65535'],
    [{ PLATFORM_PORT: '3001x' }, 'PLATFORM_PORT must be a port, 0 to 65535'],
    [{ ROLLGATE_DRAIN_MS: '5 s' }, 'ROLLGATE_DRAIN_MS must be a whole number of milliseconds'],
    [{ PLATFORM_SUPPORT_URL: 'javascript:x' }, 'PLATFORM_SUPPORT_URL must begin with http:// or https://'],
  ])('%j', (wrong, reason) => {
    expect(() => readSettings({ ...GIVEN, ...wrong })).toThrow(reason);
  });
});
