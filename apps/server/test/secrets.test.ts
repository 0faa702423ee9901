/** No secret appears in the programs' output, whatever fails at the start and whatever requests follow. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, freePort, type NodeProcess, spawnNode, type TestDatabase } from '@rollgate/testing';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

// Each test starts programs, which takes seconds on a busy machine.
jest.setTimeout(120_000);

const PASSWORD = 'pg-Passw0rd/of+ours';
const CLIENT_SECRET = 'oidc-client-secret-of-ours';
/** The secrets as they are, URL-encoded, and in the forms that careless logging could produce. */
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), CLIENT_SECRET].flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64'),
  JSON.stringify(secret).slice(1, -1),
]);

let database: TestDatabase;
let folder: string;
let port: number;
const started: NodeProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollgate-secrets-'));
  port = await freePort();
});
afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The test's database with another user's name and a password that it neither has nor needs. */
function withPassword(change: (url: URL) => void = () => undefined): string {
  const url = new URL(database.url);
  url.password = encodeURIComponent(PASSWORD);
  change(url);
  return url.href;
}

const OIDC = {
  ROLLGATE_PUBLIC_URL: 'https://rollgate.example.com',
  ROLLGATE_OIDC_ISSUER: 'https://127.0.0.1:1',
  ROLLGATE_OIDC_CLIENT_ID: 'rollgate',
  ROLLGATE_OIDC_CLIENT_SECRET: CLIENT_SECRET,
  ROLLGATE_OIDC_ROLE_MAP: 'admins=admin',
};
const UNSET = { DATABASE_URL: undefined, DATABASE_URL_FILE: undefined, ROLLGATE_OIDC_CLIENT_SECRET_FILE: undefined };

async function run(script: string, env: Record<string, string | undefined>, args: string[] = []): Promise<NodeProcess> {
  const settings = { ...UNSET, ROLLGATE_PORT: '0', ROLLGATE_LOG_LEVEL: 'trace', ROLLGATE_DRAIN_MS: '0', ...env };
  const program = await spawnNode({ script, args, env: settings });
  started.push(program);
  return program;
}

function expectNoSecret(program: NodeProcess): void {
  const printed = program.stdout() + program.stderr();
  expect(printed).not.toBe('');
  for (const secret of SECRETS) expect(printed).not.toContain(secret);
}

const BAD_CONNECTIONS: ReadonlyArray<readonly [what: string, url: () => string]> = [
  ['no server listens', () => `postgres://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/db`],
  ['a wrong password', () => withPassword()],
  ['TLS that the server does not speak', () => withPassword((url) => (url.search = '?sslmode=require'))],
  ['no URL at all', () => `postgres//me:${encodeURIComponent(PASSWORD)}@127.0.0.1/db`],
  ['a password that is half an escape', () => `postgres://me:${PASSWORD.replace('/', '%2')}%@127.0.0.1/db`],
];

test.each(BAD_CONNECTIONS)('with %s the service and the command line end and print no secret', async (_, url) => {
  const env = { DATABASE_URL: url(), ...OIDC };
  const programs = await Promise.all([run(MAIN, env), run(CLI, env, ['migrate', '--status'])]);
  for (const program of programs) {
    await program.exited;
    expectNoSecret(program);
  }
});

test('wrong settings next to secrets, and secrets from files, print no secret', async () => {
  const file = join(folder, 'database-url');
  await writeFile(file, withPassword());
  const secretFile = join(folder, 'client-secret');
  await writeFile(secretFile, `${CLIENT_SECRET}\n`);
  const { ROLLGATE_OIDC_CLIENT_SECRET: _, ...oidc } = OIDC;
  const wrong = { ROLLGATE_PORT: 'x', ROLLGATE_TRUST_PROXY: 'true', ROLLGATE_OIDC_ISSUER: 'ftp://x' };
  const program = await run(MAIN, {
    DATABASE_URL_FILE: file,
    ROLLGATE_OIDC_CLIENT_SECRET_FILE: secretFile,
    ...oidc,
    ...wrong,
  });
  expect((await program.exited).code).toBe(1);
  expect(program.stderr()).toMatch(/ROLLGATE_TRUST_PROXY must be/);
  expectNoSecret(program);
});

test('a running service logs no tokens, cookies, passwords or queries, even at level trace', async () => {
  const ready = /Rollgate service ready/;
  const program = await run(MAIN, { DATABASE_URL: database.url, ...OIDC });
  const { url } = JSON.parse(await program.waitForLine(ready)) as { url: string };
  const mine = { token: `rgt_${'S'.repeat(43)}`, cookie: 'C'.repeat(43), typed: 'my typed password', code: 'a-code' };
  await fetch(`${url}/admin/api/staff`, { headers: { authorization: `Bearer ${mine.token}` } });
  await fetch(`${url}/admin/api/staff`, { headers: { cookie: `rollgate-session=${mine.cookie}` } });
  await fetch(`${url}/admin/api/oidc/callback?code=${mine.code}&state=s`, { redirect: 'manual' });
  await fetch(`${url}/admin/api/oidc/start`, { redirect: 'manual' });
  await fetch(`${url}/admin/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'ann@example.com', password: mine.typed }),
  });
  // Cause a fault while a secret is in use: stop the database.
  await database.pool.query('ALTER TABLE rollgate.service_token RENAME TO mislaid');
  const broken = await fetch(`${url}/admin/api/staff`, { headers: { authorization: `Bearer ${mine.token}` } });
  await database.pool.query('ALTER TABLE rollgate.mislaid RENAME TO service_token');
  expect(broken.status).toBe(500);
  expect(await broken.text()).not.toContain('service_token');
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expectNoSecret(program);
  const { password } = new URL(database.url);
  expect(password).not.toBe('');
  for (const secret of [...Object.values(mine), password])
    expect(program.stdout() + program.stderr()).not.toContain(secret);
});
