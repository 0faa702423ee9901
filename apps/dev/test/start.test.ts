import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort, inspectProcess, type NodeProcess, spawnNode, waitUntilGone } from '@rollgate/testing';
import pg from 'pg';

// The programs are fakes of a few lines. The tests are about how programs are started, watched and stopped.

const script = fileURLToPath(new URL('./start-here.mjs', import.meta.url));
const READY = /^Rollgate ready: /;
let project: string;
let ports: { ROLLGATE_PORT: string; PLATFORM_PORT: string };
const started: NodeProcess[] = [];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(project, 0o711);
  ports = { ROLLGATE_PORT: String(await freePort()), PLATFORM_PORT: String(await freePort()) };
  await program('server', 'main.js', standIn('ROLLGATE_PORT'));
  await program('platform', 'main.js', standIn('PLATFORM_PORT'));
  await program('server', 'cli.js', `import(${JSON.stringify(new URL('../../server/dist/cli.js', import.meta.url))});`);
  await program('demo', 'seed.js', `console.log('filled as ' + new URL(process.env.DATABASE_URL).username);`);
  await program('platform', 'platform-token.js', `console.log('token-of-' + process.argv[3]);`);
});

afterAll(async () => {
  await Promise.all(started.map((child) => child.stop()));
  await rm(project, { recursive: true, force: true });
});

async function program(app: string, file: string, code: string): Promise<void> {
  const folder = join(project, 'apps', app, 'dist');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), code);
}

function standIn(portVariable: string): string {
  return `const server = require('node:http').createServer((request, response) => {
    if (request.url === '/pid') response.end(String(process.pid));
    else if (request.url === '/database-url') response.end(process.env.DATABASE_URL);
    else response.end('ok');
    if (request.url === '/die') process.exit(7);
  });
  server.listen(Number(process.env.${portVariable}), '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));`;
}

async function start(env: Record<string, string | undefined> = {}, readyLine?: RegExp): Promise<NodeProcess> {
  const all = { TEST_PROJECT_FOLDER: project, DATABASE_URL: undefined, ...ports, ...env };
  const child = await spawnNode({ script, env: all, ...(readyLine === undefined ? {} : { readyLine }) });
  started.push(child);
  return child;
}

async function refused(env: Record<string, string>): Promise<string> {
  const child = await start(env);
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.stdout()).toBe('');
  return child.stderr();
}

async function ask(port: string, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

test.each([
  [{ ROLLGATE_PORT: '0' }, 'ROLLGATE_PORT must be a port from 1 to 65535, not "0"'],
  [{ PLATFORM_PORT: '65536' }, 'PLATFORM_PORT must be a port from 1 to 65535, not "65536"'],
  [{ ROLLGATE_PORT: '3000x' }, 'ROLLGATE_PORT must be a port from 1 to 65535, not "3000x"'],
  [{ ROLLGATE_PORT: '4000', PLATFORM_PORT: '4000' }, 'ROLLGATE_PORT and PLATFORM_PORT are both 4000: set one of them'],
  [
    { DATABASE_URL: 'mysql://me:secret@localhost/db' },
    'DATABASE_URL is not a Postgres URL like postgres://user:password@host:5432/database',
  ],
  [
    { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/db' },
    'cannot reach the database at 127.0.0.1:1/db: connection refused',
  ],
])('%j is refused in one line', async (env, line) => {
  expect(await refused(env as Record<string, string>)).toBe(`rollgate: ${line}\n`);
});

test('a port that is in use is reported before anything is started, with the variable to set', async () => {
  const taken = createServer().listen(Number(ports.PLATFORM_PORT), '127.0.0.1');
  try {
    expect(await refused({})).toBe(
      `rollgate: port ${ports.PLATFORM_PORT} is in use: stop the program that uses it, or set PLATFORM_PORT to another port\n`,
    );
    expect(await readdir(join(project, '.rollgate'))).toEqual([]);
  } finally {
    taken.close();
  }
});

test('starts everything, refuses a second start on the same folder, stops everything at Ctrl-C', async () => {
  const child = await start({}, READY);
  const platform = `http://127.0.0.1:${ports.PLATFORM_PORT}`;
  const [ready] = child
    .stdout()
    .split('\n')
    .filter((line) => READY.test(line));
  expect(ready).toBe(`Rollgate ready: service http://127.0.0.1:${ports.ROLLGATE_PORT}  platform ${platform}`);
  await child.waitForLine(/^curl/);
  expect(child.stdout()).toContain(
    `curl -i -X POST ${platform}/api/public/bots/my-bot/publish -H 'authorization: Bearer token-of-acme'\n`,
  );

  expect(await refused({})).toMatch(
    /^rollgate: Rollgate already runs with .*: stop it first, or set ROLLGATE_DATA_FOLDER\n$/,
  );

  const pids = await runningPids();
  // The program gets both signals when npm forwards the Ctrl-C that the terminal has already sent.
  child.kill('SIGINT');
  child.kill('SIGINT');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(pids.filter((pid) => inspectProcess(pid) !== undefined)).toEqual([]);
  expect(await readdir(join(project, '.rollgate'))).not.toContain('database-url');
}, 60_000);

test('after a SIGKILL its programs end and the next start works', async () => {
  const child = await start({}, READY);
  const pids = await runningPids();
  child.kill('SIGKILL');
  await child.exited;
  const next = await start({}, READY);
  for (const pid of pids) expect(await waitUntilGone(pid, 0)).toBe(true);
  await next.stop();
}, 60_000);

test('when a program ends, everything stops and the message names the program', async () => {
  const child = await start({}, READY);
  const pids = await runningPids();
  await ask(ports.PLATFORM_PORT, '/die').catch(() => undefined);
  expect(await child.exited).toEqual({ code: 1, signal: null });
  expect(child.stderr()).toMatch(/^rollgate: the platform ended with exit code 7/);
  for (const pid of pids) expect(await waitUntilGone(pid, 0)).toBe(true);
}, 60_000);

/** Connects as the program with that port does. */
async function asProgram<Result>(port: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(await ask(port, '/database-url'));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test('programs use their own logins in the embedded Postgres, which have no rights on the tables of limits', async () => {
  const child = await start({}, READY);
  const denied = expect.objectContaining({ code: '42501' });
  await asProgram(ports.ROLLGATE_PORT, async (service) => {
    expect((await service.query('SELECT current_user AS role')).rows).toEqual([{ role: 'service' }]);
    await expect(service.query('SELECT FROM rollgate.counter')).rejects.toEqual(denied);
    await expect(service.query('DELETE FROM rollgate.history')).rejects.toEqual(denied);
    await expect(service.query('CREATE TABLE rollgate.mine ()')).rejects.toEqual(denied);
  });
  await asProgram(ports.PLATFORM_PORT, async (platform) => {
    expect((await platform.query('SELECT current_user AS role')).rows).toEqual([{ role: 'platform' }]);
    for (const table of ['counter', 'override', 'staff', 'history'])
      await expect(platform.query(`SELECT FROM rollgate.${table}`)).rejects.toEqual(denied);
    await platform.query('CREATE TABLE platform.mine ()');
  });
  for (const login of ['service', 'platform', 'auditor']) {
    const file = join(project, '.rollgate', `${login}-password`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(child.stdout() + child.stderr()).not.toContain((await readFile(file, 'utf8')).trim());
  }
  await child.stop();
}, 60_000);

test('a data folder of 0.1.0, whose programs connected as the groups, changes to logins', async () => {
  const first = await start({}, READY);
  const admin = new pg.Client((await readFile(join(project, '.rollgate', 'database-url'), 'utf8')).trim());
  await admin.connect();
  await admin.query(`ALTER ROLE rollgate_runtime LOGIN PASSWORD 'old'; ALTER ROLE rollgate_auditor LOGIN; ALTER ROLE rollgate_auditor SET statement_timeout = '30s';
    CREATE TABLE platform.old (id serial); ALTER SCHEMA platform OWNER TO rollgate_runtime; ALTER TABLE platform.old OWNER TO rollgate_runtime`);
  await admin.end();
  await first.stop();
  const second = await start({}, READY);
  await asProgram(ports.PLATFORM_PORT, async (platform) => {
    await platform.query('INSERT INTO platform.old DEFAULT VALUES');
    const { rows } = await platform.query(
      `SELECT rolname FROM pg_roles WHERE rolname LIKE 'rollgate%' AND (rolcanlogin OR rolconfig IS NOT NULL)`,
    );
    expect(rows).toEqual([]);
  });
  await second.stop();
}, 60_000);

test('the first admin is created and shown once, by the start that finds no staff', async () => {
  const shown = / {2}as admin@localhost with the password (\S+) \(shown only once\)\n/;
  await rm(join(project, '.rollgate'), { recursive: true, force: true });
  // A password for another database is not used: each program's URL has its own.
  const first = await start({ DATABASE_PASSWORD: 'other', DATABASE_PASSWORD_FILE: '/nowhere' }, READY);
  await first.waitForLine(/^Logs are in/);
  expect(first.stdout()).toContain(`Staff sign in at http://127.0.0.1:${ports.ROLLGATE_PORT}/admin/\n`);
  expect(first.stdout()).toMatch(shown);
  await first.stop();
  const second = await start({}, READY);
  await second.waitForLine(/^Logs are in/);
  expect(second.stdout()).toContain('/admin/\n');
  expect(second.stdout()).not.toMatch(shown);
  const { rows } = await asProgram(ports.ROLLGATE_PORT, (service) =>
    service.query('SELECT login, role FROM rollgate.staff'),
  );
  expect(rows).toEqual([{ login: 'admin@localhost', role: 'admin' }]);
  await second.stop();
}, 60_000);

test('--demo fills an empty database before the programs start, and does not change one with data', async () => {
  await rm(join(project, '.rollgate'), { recursive: true, force: true });
  const first = await start({ TEST_DEMO: 'yes' }, READY);
  const lines = first.stdout().split('\n');
  expect(lines.indexOf('filled as postgres')).toBeGreaterThan(0);
  expect(lines.indexOf('filled as postgres')).toBeLessThan(lines.findIndex((line) => READY.test(line)));
  await first.waitForLine(/^Logs are in/);
  await first.stop();
  const second = await start({ TEST_DEMO: 'yes' }, READY);
  expect(second.stdout()).toContain('--demo: the database is not empty, so it is not filled\n');
  expect(second.stdout()).not.toContain('filled as');
  await second.stop();
}, 60_000);

async function runningPids(): Promise<number[]> {
  const postgres = await readFile(join(project, '.rollgate', 'postgres', 'postmaster.pid'), 'utf8');
  const programs = await Promise.all([ask(ports.ROLLGATE_PORT, '/pid'), ask(ports.PLATFORM_PORT, '/pid')]);
  return [Number.parseInt(postgres, 10), ...programs.map(Number)];
}
