import { describe, expect, test } from '@jest/globals';
import { databasePlace, isPostgresUrl, readDatabaseAddress, withPassword } from './database-address.js';

describe('isPostgresUrl', () => {
  test.each([
    'postgres://user:password@host:5432/database',
    'postgresql://host',
    'postgres:///rollgate?host=/run/postgresql',
    'postgres://me:a%2Fb@host/database',
  ])('%s is valid', (url) => {
    expect(isPostgresUrl(url)).toBe(true);
  });

  test.each([
    ['no URL', 'db:5432 secret'],
    ['another scheme', 'mysql://me:secret@db/x'],
    ['an escape that cannot be decoded', 'postgres://me:secret%zz@db/x'],
    ['a slash in the password', 'postgres://me:1/secret@db/x'],
  ])('%s is not valid', (_, url) => {
    expect(isPostgresUrl(url)).toBe(false);
  });
});

test('withPassword encodes the password and replaces one in the URL', () => {
  expect(withPassword('postgres://me:old@db/x', 'a/b?c#d@e%f')).toBe('postgres://me:a%2Fb%3Fc%23d%40e%25f@db/x');
  expect(withPassword('postgres://me:old@db/x', undefined)).toBe('postgres://me:old@db/x');
});

test.each([
  ['postgres://me:secret@db:6543/rollgate', 'db:6543/rollgate'],
  ['postgres://me:secret@db/', 'db:5432'],
  ['postgres:///rollgate?host=/run/postgresql', '/run/postgresql:5432/rollgate'],
])('databasePlace: %s is shown as %s', (url, place) => {
  expect(databasePlace(url)).toBe(place);
});

test('the address is read again where a part of it came from a file', () => {
  const files = new Map([['/password', 'first\n']]);
  const readFile = (file: string) => files.get(file) ?? '';
  const environment = { DATABASE_URL: 'postgres://me@db/x', DATABASE_PASSWORD_FILE: '/password' };
  const address = readDatabaseAddress({ environment, readFile });
  expect(address).toMatchObject({ databaseUrl: 'postgres://me:first@db/x', pooled: false });
  files.set('/password', 'second');
  expect(address.readDatabaseUrl?.()).toBe('postgres://me:second@db/x');
  expect(readDatabaseAddress({ environment: { DATABASE_URL: 'postgres://me@db/x' }, readFile })).toEqual({
    databaseUrl: 'postgres://me@db/x',
    pooled: false,
  });
});
