import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SettingsError } from '@rollgate/contract/environment';
import { readDatabaseAddress, readSettings } from '../../settings.js';

const WHOLE = {
  DATABASE_URL: 'postgres://me@db/rollgate',
  ROLLGATE_PUBLIC_URL: 'https://rollgate.example.com',
  ROLLGATE_OIDC_ISSUER: 'https://id.example.com/realms/staff',
  ROLLGATE_OIDC_CLIENT_ID: 'rollgate',
  ROLLGATE_OIDC_CLIENT_SECRET: 'a secret',
  ROLLGATE_OIDC_ROLE_MAP: 'rate-limit-admins=admin, support-team=support',
};

function linesOf(changes: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings({ ...WHOLE, ...changes });
    return [];
  } catch (error) {
    return (error as SettingsError).lines;
  }
}

test('all settings of an identity provider are read', () => {
  expect(readSettings(WHOLE)).toMatchObject({
    publicUrl: 'https://rollgate.example.com',
    oidc: {
      issuer: 'https://id.example.com/realms/staff',
      clientId: 'rollgate',
      clientSecret: 'a secret',
      groupsClaim: 'groups',
      roles: new Map([
        ['rate-limit-admins', 'admin'],
        ['support-team', 'support'],
      ]),
    },
  });
});

test('the secret can come from a file that only the service reads, and a public client has no secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-settings-'));
  const file = join(folder, 'secret');
  writeFileSync(file, 'from a file\n');
  const { ROLLGATE_OIDC_CLIENT_SECRET: _, ...rest } = WHOLE;
  expect(readSettings({ ...rest, ROLLGATE_OIDC_CLIENT_SECRET_FILE: file }).oidc?.clientSecret).toBe('from a file');
  rmSync(folder, { recursive: true });
  expect(readSettings(rest).oidc?.clientSecret).toBeUndefined();
  const missing = { ...rest, ROLLGATE_OIDC_CLIENT_SECRET_FILE: file };
  expect(linesOf({ ...missing, ROLLGATE_OIDC_CLIENT_SECRET: '' })).toEqual([
    `ROLLGATE_OIDC_CLIENT_SECRET_FILE ${file} cannot be read: ENOENT`,
  ]);
  expect(readDatabaseAddress(missing).databaseUrl).toBe(WHOLE.DATABASE_URL);
});

test('a group name may contain =, and http is accepted for this machine', () => {
  const changes = { ROLLGATE_OIDC_ROLE_MAP: 'cn=ops=admin', ROLLGATE_OIDC_ISSUER: 'http://[::1]:8080' };
  expect(readSettings({ ...WHOLE, ...changes }).oidc?.roles).toEqual(new Map([['cn=ops', 'admin']]));
  expect(
    linesOf({ ROLLGATE_OIDC_ISSUER: 'http://localhost:8080/', ROLLGATE_PUBLIC_URL: 'http://127.0.0.1:3000' }),
  ).toEqual([]);
});

const URL_LINE = 'must be an https URL (http on this machine alone)';
const MAP_LINE =
  'must be groups and roles (viewer, support, auditor, admin), each group once, e.g. rate-limit-admins=admin,support-team=support';

test.each<[Record<string, string | undefined>, string]>([
  [{ ROLLGATE_OIDC_ISSUER: 'http://id.example.com' }, `ROLLGATE_OIDC_ISSUER ${URL_LINE}`],
  [{ ROLLGATE_OIDC_ISSUER: 'id.example.com' }, `ROLLGATE_OIDC_ISSUER ${URL_LINE}`],
  [{ ROLLGATE_PUBLIC_URL: 'http://rollgate.example.com' }, `ROLLGATE_PUBLIC_URL ${URL_LINE}`],
  [{ ROLLGATE_PUBLIC_URL: 'https://example.com/rollgate' }, 'ROLLGATE_PUBLIC_URL must have no path'],
  [{ ROLLGATE_PUBLIC_URL: undefined }, 'ROLLGATE_PUBLIC_URL is missing: ROLLGATE_OIDC_ISSUER needs it'],
  [{ ROLLGATE_OIDC_CLIENT_ID: '' }, 'ROLLGATE_OIDC_CLIENT_ID is missing: ROLLGATE_OIDC_ISSUER needs it'],
  [{ ROLLGATE_OIDC_ROLE_MAP: '' }, 'ROLLGATE_OIDC_ROLE_MAP is missing: ROLLGATE_OIDC_ISSUER needs it'],
  [{ ROLLGATE_OIDC_ISSUER: '' }, 'ROLLGATE_OIDC_ISSUER is missing: ROLLGATE_OIDC_CLIENT_ID needs it'],
  [{ ROLLGATE_OIDC_ROLE_MAP: 'ops' }, `ROLLGATE_OIDC_ROLE_MAP ${MAP_LINE}`],
  [{ ROLLGATE_OIDC_ROLE_MAP: 'ops=owner' }, `ROLLGATE_OIDC_ROLE_MAP ${MAP_LINE}`],
  [{ ROLLGATE_OIDC_ROLE_MAP: '=admin' }, `ROLLGATE_OIDC_ROLE_MAP ${MAP_LINE}`],
  [{ ROLLGATE_OIDC_ROLE_MAP: 'ops=admin,ops=viewer' }, `ROLLGATE_OIDC_ROLE_MAP ${MAP_LINE}`],
])('the wrong settings %j are refused in one line', (changes, line) => {
  expect(linesOf(changes)).toEqual([line]);
});
