/** The programs that the container runs, with the rights that they have there. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode, type TestDatabase } from '@rollgate/testing';
import { rollgate } from './run-rollgate.js';

const script = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const PASSWORD = 'a/b?c#d@e%f';
const login = `test_service_${randomBytes(6).toString('hex')}`;

let database: TestDatabase;
let url: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`CREATE ROLE ${login} LOGIN PASSWORD '${PASSWORD}' IN ROLE rollgate_admin_api`);
  url = Object.assign(new URL(database.url), { username: login, password: '' }).href;
});
afterAll(async () => {
  await database?.pool.query(`DROP ROLE IF EXISTS ${login}`);
  await database?.drop();
});

test('migrate with nothing pending needs only the rights of the service', async () => {
  const run = await rollgate(['migrate'], url, { DATABASE_PASSWORD: PASSWORD });
  expect(run).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('is up to date') });
});

test('serve works with the rights of the service and a password that contains a slash, and ends on SIGTERM', async () => {
  const env = { DATABASE_URL: url, DATABASE_PASSWORD: PASSWORD, ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0' };
  const program = await spawnNode({ script, args: ['serve'], env, readyLine: /Rollgate service ready/ });
  const ready = JSON.parse(await program.waitForLine(/Rollgate service ready/)) as { url: string };
  expect((await fetch(`${ready.url}/readyz`)).status).toBe(200);
  program.kill('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
});

test('serve that cannot start prints the reason and exits with code 1', async () => {
  const run = await rollgate(['serve'], url, { DATABASE_PASSWORD: 'wrong', ROLLGATE_PORT: '0' });
  expect([run.code, run.stdout, run.stderr]).toEqual([
    1,
    '',
    expect.stringMatching(/^rollgate: [^\n]*password[^\n]*\n$/),
  ]);
});

test('the image runs only the service, as an unprivileged user', () => {
  const file = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
  const image = file('Dockerfile');
  expect(image).toMatch(/^USER node$/m);
  expect(image).toMatch(/^ENTRYPOINT \["node", ".*apps\/server\/dist\/cli\.js"\]$/m);
  expect(image).toMatch(/^CMD \["serve"\]$/m);
  expect(image).not.toMatch(/CMD .*migrate/);
  const copied = [...image.matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(([, path]) => path);
  expect(copied.filter((path) => path?.startsWith('apps'))).toEqual(['apps/server', 'apps/admin/dist']);
});
