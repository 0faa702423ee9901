import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { SettingsError } from '@rollgate/contract/environment';
import { readDatabaseAddress, readSettings } from './settings.js';

const URL_OF_ALL = 'postgres://me:secret@db:5432/rollgate';
const folder = mkdtempSync(join(tmpdir(), 'server-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(folder, 'f-')), 'secret');
  writeFileSync(file, text);
  return file;
}

function linesOf(environment: Record<string, string>): readonly string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.lines;
  }
}

test('a database URL is the only required setting', () => {
  expect(readSettings({ DATABASE_URL: URL_OF_ALL })).toEqual({
    host: '127.0.0.1',
    port: 3000,
    databaseUrl: URL_OF_ALL,
    pooled: false,
    logLevel: 'info',
    keepSeconds: undefined,
    environment: 'development',
    drainMs: 5_000,
    signIn: { perLogin: { perMinute: 10, perHour: 60 }, perAddress: { perMinute: 120, perHour: 7_200 } },
  });
});

test('every setting is read', () => {
  const environment = {
    DATABASE_URL: 'postgresql://db/x?sslmode=require',
    ROLLGATE_POOLED: 'true',
    ROLLGATE_HOST: '0.0.0.0',
    ROLLGATE_PORT: '65535',
    ROLLGATE_LOG_LEVEL: 'silent',
    ROLLGATE_KEEP_SECONDS: '3661',
    ROLLGATE_KEEP_EVENT_DAYS: '30',
    ROLLGATE_USAGE_DAYS: '700',
    ROLLGATE_ACCESS_DAYS: '90',
    ROLLGATE_ENVIRONMENT: 'production',
    ROLLGATE_TRUST_PROXY: '10.0.0.0/8, 192.0.2.7',
    ROLLGATE_PUBLIC_URL: 'https://rollgate.example.com/',
    ROLLGATE_ADMIN_BASE: '/tools/rollgate',
    ROLLGATE_SIGN_IN_PER_MINUTE: '5',
    ROLLGATE_SIGN_IN_PER_HOUR: '20',
    ROLLGATE_SIGN_IN_ADDRESS_PER_MINUTE: '100',
    ROLLGATE_SIGN_IN_ADDRESS_PER_HOUR: '1000',
  };
  expect(readSettings(environment)).toEqual({
    host: '0.0.0.0',
    port: 65_535,
    databaseUrl: 'postgresql://db/x?sslmode=require',
    pooled: true,
    logLevel: 'silent',
    keepSeconds: 3661,
    keepEventDays: 30,
    keepUsageDays: 700,
    keepAccessDays: 90,
    environment: 'production',
    drainMs: 5_000,
    trustProxy: ['10.0.0.0/8', '192.0.2.7'],
    publicUrl: 'https://rollgate.example.com',
    signIn: { perLogin: { perMinute: 5, perHour: 20 }, perAddress: { perMinute: 100, perHour: 1_000 } },
    adminBase: '/tools/rollgate/',
  });
});

test('an empty variable counts as not set', () => {
  const environment = { DATABASE_URL: URL_OF_ALL, ROLLGATE_PORT: '', ROLLGATE_KEEP_SECONDS: ' ', ROLLGATE_HOST: '' };
  expect(readSettings(environment)).toEqual(readSettings({ DATABASE_URL: URL_OF_ALL }));
});

const PORT = 'ROLLGATE_PORT must be a whole number from 0 to 65535';
const KEEP = 'ROLLGATE_KEEP_SECONDS must be a whole number from 3661 to 2147483647';
const NO_URL =
  'DATABASE_URL is not a Postgres URL like postgres://user:password@host:5432/database (percent-encode / ? # @ % in the password, or give it as DATABASE_PASSWORD)';
const POOLED = 'ROLLGATE_POOLED must be true (a pooler in transaction mode is in between) or false';
const PROXY =
  'ROLLGATE_TRUST_PROXY must be a number of proxies from 1 to 16, or networks like 10.0.0.0/8, 192.0.2.7; never everybody';
const BASE = 'ROLLGATE_ADMIN_BASE must be a path of its own like /admin/ or /tools/rollgate/';
const NONE = 'DATABASE_URL is missing: the Postgres to use, e.g. postgres://user:password@host:5432/database';

test.each<[string, Record<string, string>, string]>([
  ['a port above all ports', { ROLLGATE_PORT: '65536' }, PORT],
  ['a negative port', { ROLLGATE_PORT: '-1' }, PORT],
  ['a port with a fraction', { ROLLGATE_PORT: '3000.5' }, PORT],
  ['a port in hexadecimal', { ROLLGATE_PORT: '0x10' }, PORT],
  ['trust in everybody', { ROLLGATE_TRUST_PROXY: 'true' }, PROXY],
  ['trust in every address', { ROLLGATE_TRUST_PROXY: '0.0.0.0/0' }, PROXY],
  ['screens in place of the API', { ROLLGATE_ADMIN_BASE: '/admin/api/' }, BASE],
  ['screens in place of everything', { ROLLGATE_ADMIN_BASE: '/' }, BASE],
  ['a port that is a word', { ROLLGATE_PORT: 'http' }, PORT],
  ['a retention inside the hour window', { ROLLGATE_KEEP_SECONDS: '3660' }, KEEP],
  ['a retention above an int', { ROLLGATE_KEEP_SECONDS: '2147483648' }, KEEP],
  [
    'an access log of less than 30 days',
    { ROLLGATE_ACCESS_DAYS: '29' },
    'ROLLGATE_ACCESS_DAYS must be a whole number from 30 to 36500',
  ],
  [
    'no day of usage by hour',
    { ROLLGATE_USAGE_DAYS: '0' },
    'ROLLGATE_USAGE_DAYS must be a whole number from 1 to 36500',
  ],
  [
    'no day of events',
    { ROLLGATE_KEEP_EVENT_DAYS: '0' },
    'ROLLGATE_KEEP_EVENT_DAYS must be a whole number from 1 to 36500',
  ],
  ['a retention of no number', { ROLLGATE_KEEP_SECONDS: '1d' }, KEEP],
  [
    'an unknown log level',
    { ROLLGATE_LOG_LEVEL: 'loud' },
    'ROLLGATE_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
  ],
  ['another database', { DATABASE_URL: 'mysql://me:secret@db/x' }, NO_URL],
  ['no URL', { DATABASE_URL: 'db:5432 secret' }, NO_URL],
  ['a password that cannot be decoded', { DATABASE_URL: 'postgres://me:secret%zz@db/x' }, NO_URL],
  ['a slash in a password', { DATABASE_URL: 'postgres://me:1/secret@db/x' }, NO_URL],
  ['a pooler of another kind', { ROLLGATE_POOLED: 'secret' }, POOLED],
  ['no database', { DATABASE_URL: '' }, NONE],
])('%s is refused in one line without the secret', (_, wrong, line) => {
  expect(linesOf({ DATABASE_URL: URL_OF_ALL, ...wrong })).toEqual([line]);
  expect(line).not.toContain('secret');
});

test('all wrong settings are reported at once', () => {
  expect(linesOf({ ROLLGATE_PORT: 'x', ROLLGATE_KEEP_SECONDS: '1' })).toEqual([NONE, PORT, KEEP]);
});

test('the database URL can be in a file that ends with a line break', () => {
  expect(readDatabaseAddress({ DATABASE_URL_FILE: fileWith(`${URL_OF_ALL}\n`) }).databaseUrl).toBe(URL_OF_ALL);
});

test('a value from a file is read again, so that a rotated password is used without a restart', () => {
  const file = fileWith(URL_OF_ALL);
  const { readDatabaseUrl } = readSettings({ DATABASE_URL_FILE: file });
  expect(readDatabaseUrl?.()).toBe(URL_OF_ALL);
  writeFileSync(file, URL_OF_ALL.replace('secret', 'next'));
  expect(readDatabaseUrl?.()).toBe(URL_OF_ALL.replace('secret', 'next'));
  expect(readSettings({ DATABASE_URL: URL_OF_ALL }).readDatabaseUrl).toBeUndefined();
});

test('the variable takes precedence over the file', () => {
  expect(readDatabaseAddress({ DATABASE_URL: URL_OF_ALL, DATABASE_URL_FILE: '/nowhere' }).databaseUrl).toBe(URL_OF_ALL);
});

test('a missing or empty file is reported by its name, together with other mistakes', () => {
  expect(linesOf({ DATABASE_URL_FILE: '/nowhere', ROLLGATE_PORT: 'x' })).toEqual([
    'DATABASE_URL_FILE /nowhere cannot be read: ENOENT',
    PORT,
  ]);
  const empty = fileWith('\n');
  expect(linesOf({ DATABASE_URL_FILE: empty })).toEqual([`DATABASE_URL_FILE ${empty} is empty`]);
});

test('a file with a wrong URL is refused without showing its content', () => {
  expect(linesOf({ DATABASE_URL_FILE: fileWith('secret') })).toEqual([NO_URL]);
});

test('a separate password may contain any character, also when it comes from a file', () => {
  const password = 'a/b?c#d@e%f:g h';
  const DATABASE_URL = 'postgres://me@db:5432/rollgate';
  const read = [
    readDatabaseAddress({ DATABASE_URL, DATABASE_PASSWORD: password }),
    readSettings({ DATABASE_URL: URL_OF_ALL, DATABASE_PASSWORD_FILE: fileWith(`${password}\n`) }),
  ];
  for (const { databaseUrl } of read) expect(decodeURIComponent(new URL(databaseUrl).password)).toBe(password);
});
