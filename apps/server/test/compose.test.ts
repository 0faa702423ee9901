/** The commands of docker-compose.yml, run in its order on this file's own server, without a container engine. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, spawnNode, startEmbeddedPostgres } from '@rollgate/testing';
import pg from 'pg';

interface Service {
  readonly image?: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

// The installed version has no types.
const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const project = fileURLToPath(new URL('../../..', import.meta.url));
const SERVICE_PASSWORD = 'se/c?r#e@t% $x "y"';
let folder: string;
let postgres: EmbeddedPostgres;
let services: Readonly<Record<'postgres' | 'migrate' | 'logins' | 'server', Service>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), settings: { fsync: 'off' } });
  await asSuperuser('CREATE DATABASE rollgate');
  const text = await readFile(join(project, 'docker-compose.yml'), 'utf8');
  ({ services } = load(text) as { services: typeof services });
}, 60_000);

afterAll(async () => {
  await postgres?.stopImmediate();
  await rm(folder, { recursive: true, force: true });
});

async function asSuperuser<Row extends object>(sql: string, database = 'postgres'): Promise<Row[]> {
  const client = new pg.Client(Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href);
  await client.connect();
  return (await client.query<Row>(sql).finally(() => client.end())).rows;
}

/** The environment that compose would pass, with the address of this server. */
function environmentOf({ environment }: Service): Record<string, string> {
  const secrets: Record<string, string> = {
    POSTGRES_PASSWORD: decodeURIComponent(new URL(postgres.url).password),
    ROLLGATE_SERVICE_PASSWORD: SERVICE_PASSWORD,
  };
  const value = (text: string) =>
    text
      .replace(/\$\{(\w+)[^}]*\}/g, (_, name: string) => secrets[name] as string)
      .replace('@postgres:5432', `@127.0.0.1:${postgres.port}`);
  return Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, value(text)]));
}

/** Runs the entry point of the image, or the service's own, with its command. */
async function run(service: Service): Promise<string> {
  const [program = '', ...rest] = service.entrypoint ?? [process.execPath, 'apps/server/dist/cli.js'];
  const args = [...rest, ...service.command].map((text) => text.replaceAll('$$', '$'));
  const env = { PATH: process.env['PATH'], ...environmentOf(service) };
  return (await promisify(execFile)(program, args, { cwd: project, env })).stdout;
}

test('migrate, logins and server run in this order, each with only the rights it needs, and can run twice', async () => {
  expect(services.logins.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
  expect(services.server.depends_on).toEqual({ logins: { condition: 'service_completed_successfully' } });
  for (let time = 0; time < 2; time++) {
    expect(await run(services.migrate)).toContain('is up to date');
    expect(await run(services.logins)).not.toContain(SERVICE_PASSWORD);
    const env = { ...environmentOf(services.server), ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0' };
    const script = join(project, 'apps/server/dist/cli.js');
    const server = await spawnNode({ script, args: services.server.command, env, readyLine: /Rollgate service ready/ });
    const { url } = JSON.parse(await server.waitForLine(/Rollgate service ready/)) as { url: string };
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const sessions = await asSuperuser(
      `SELECT DISTINCT usename::text AS login FROM pg_stat_activity WHERE datname = 'rollgate' AND pid <> pg_backend_pid()`,
      'rollgate',
    );
    expect(sessions).toEqual([{ login: 'rollgate-service' }]);
    server.kill('SIGTERM');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  }
}, 120_000);

test('other logins cannot connect to the database, and containers have only the rights they need', async () => {
  const open = await asSuperuser(`SELECT has_database_privilege('public', 'rollgate', 'CONNECT') AS open`);
  expect(open).toEqual([{ open: false }]);
  for (const { image, read_only, cap_drop } of Object.values(services)) {
    if (image?.startsWith('postgres')) continue;
    expect([read_only, cap_drop]).toEqual([true, ['ALL']]);
  }
  expect(JSON.stringify(services.server)).not.toContain('POSTGRES_PASSWORD');
});
