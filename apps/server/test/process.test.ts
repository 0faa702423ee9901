import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '@rollgate/migrations';
import {
  createTestDatabase,
  freePort,
  type NodeProcess,
  spawnNode,
  startEmbeddedPostgres,
  type TestDatabase,
  until,
} from '@rollgate/testing';
import pg from 'pg';

// The compiled program, as it runs in production.

const script = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const READY = /Rollgate service ready/;
let database: TestDatabase;
const started: NodeProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await database?.drop();
});

async function run(env: Record<string, string | undefined> = {}, readyLine?: RegExp): Promise<NodeProcess> {
  const program = await spawnNode({
    script,
    env: { DATABASE_URL: database.url, ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0', ...env },
    ...(readyLine && { readyLine }),
  });
  started.push(program);
  return program;
}

async function serving(env: Record<string, string | undefined> = {}): Promise<{ program: NodeProcess; url: string }> {
  const program = await run(env, READY);
  return { program, url: (JSON.parse(await program.waitForLine(READY)) as { url: string }).url };
}

async function refused(env: Record<string, string | undefined>): Promise<string> {
  const program = await run(env);
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(program.stdout()).toBe('');
  return program.stderr();
}

/** A request with half of its body sent, on a kept-alive connection. */
async function halfSent(url: string): Promise<{ received(): string; sendRest(): void; closed: Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const caller = connect(Number(port), hostname);
  let received = '';
  caller.setEncoding('utf8').on('data', (text: string) => (received += text));
  const closed = new Promise((resolve) => caller.once('close', resolve));
  caller.on('error', () => undefined);
  // Send one whole request first, so that the connection is already a kept-alive one.
  caller.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => received.includes('{"status":"ok"}'), { what: 'the first response is received' });
  received = '';
  caller.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a"');
  await sleep(200);
  return { received: () => received, sendRest: () => caller.write(':1}'), closed };
}

const refusesConnections = (url: string) =>
  fetch(`${url}/healthz`).then(
    () => false,
    () => true,
  );

test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  'on %s, requests in flight are answered, new ones are refused, and the exit code is 0',
  async (signal) => {
    const { program, url } = await serving();
    const request = await halfSent(url);
    program.kill(signal);
    await until(() => refusesConnections(url), { what: 'the service accepts no more connections' });
    expect(request.received()).toBe('');
    request.sendRest();
    const sentAt = Date.now();
    await request.closed;
    expect(request.received()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[\s\S]*"message":"Cannot POST \/"/);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    // The end of the response ended the drain, not the time limit for open connections.
    expect(Date.now() - sentAt).toBeLessThan(4_000);
    expect(program.stderr()).toBe('');
  },
  30_000,
);

test('on SIGTERM with a drain delay, /readyz returns 503 at once, calls are still served, and connections close after their response', async () => {
  const { program, url } = await serving({ ROLLGATE_DRAIN_MS: '1500' });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const startedAt = Date.now();
  program.kill('SIGTERM');
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, { what: 'the service is not ready' });
  const notReady = await fetch(`${url}/readyz`);
  expect(await notReady.json()).toMatchObject({ status: 503, message: 'This instance is shutting down.' });
  const live = await fetch(`${url}/healthz`);
  expect([live.status, live.headers.get('connection')]).toEqual([200, 'close']);
  expect(Date.now() - startedAt).toBeLessThan(1_500);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_500);
  expect(await refusesConnections(url)).toBe(true);
}, 30_000);

test('a second signal ends the drain delay, and Ctrl-C causes no delay', async () => {
  const patient = await serving({ ROLLGATE_DRAIN_MS: '60000' });
  patient.program.kill('SIGTERM');
  await until(async () => (await fetch(`${patient.url}/readyz`)).status === 503, { what: 'the service is not ready' });
  patient.program.kill('SIGTERM');
  expect(await patient.program.exited).toEqual({ code: 0, signal: null });
  const typed = await serving({ ROLLGATE_DRAIN_MS: '60000' });
  typed.program.kill('SIGINT');
  expect(await typed.program.exited).toEqual({ code: 0, signal: null });
}, 60_000);

test('a caller that never completes its request does not keep the process from ending within 10 s', async () => {
  const { program, url } = await serving();
  const request = await halfSent(url);
  const startedAt = Date.now();
  program.kill('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - startedAt).toBeGreaterThan(3_000);
  expect(Date.now() - startedAt).toBeLessThan(7_500);
  expect(request.received()).toBe('');
}, 90_000);

test('an unresponsive database does not keep the process from ending within 10 s', async () => {
  // Use a separate server: on the shared one, CREATE and DROP DATABASE of other tests would wait for the stopped backends.
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), settings: { fsync: 'off' } });
  const stopped: number[] = [];
  try {
    await migrate({ databaseUrl: postgres.url });
    const { program, url } = await serving({ DATABASE_URL: postgres.url });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    stopped.push(...(await backendsOf(postgres.url)));
    expect(stopped).not.toEqual([]);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    const startedAt = Date.now();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    await postgres.stopImmediate();
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

/** Process ids of the service's own connections. */
async function backendsOf(databaseUrl: string): Promise<number[]> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'rollgate-%'`,
  );
  await client.end();
  return rows.map(({ pid }) => pid);
}

test('the process leaves no connection open in the database', async () => {
  const { program, url } = await serving();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await backendsOf(database.url)).not.toEqual([]);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  await until(async () => (await backendsOf(database.url)).length === 0, {
    what: 'the service has left no session',
  });
});

test('a port in use is reported in one clear line', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  try {
    expect(await refused({ ROLLGATE_PORT: String(port) })).toBe(
      `rollgate: port ${port} is taken: set ROLLGATE_PORT to another one\n`,
    );
  } finally {
    taken.close();
  }
});

test('an address of another machine is reported in one clear line', async () => {
  expect(await refused({ ROLLGATE_HOST: '192.0.2.1' })).toBe(
    'rollgate: cannot listen on 192.0.2.1: set ROLLGATE_HOST to an address of this machine\n',
  );
});

test('an unreachable database is reported in one clear line without the password', async () => {
  const port = await freePort();
  expect(await refused({ DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/db` })).toBe(
    `rollgate: cannot reach the database at 127.0.0.1:${port}/db: connection refused\n`,
  );
});

test('pending migrations are reported in one clear line that says what to do', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    expect(await refused({ DATABASE_URL: empty.url })).toMatch(
      /^rollgate: the database at \S+ lacks 001-baseline.*: run "rollgate migrate"\n$/,
    );
  } finally {
    await empty.drop();
  }
});

test('wrong settings are reported in one line each', async () => {
  const env = { DATABASE_URL: undefined, ROLLGATE_PORT: 'x', ROLLGATE_KEEP_SECONDS: '60' };
  expect((await refused(env)).split('\n')).toEqual([
    expect.stringMatching(/^rollgate: DATABASE_URL is missing/),
    expect.stringMatching(/^rollgate: ROLLGATE_PORT must be/),
    expect.stringMatching(/^rollgate: ROLLGATE_KEEP_SECONDS must be .* 3661/),
    '',
  ]);
});

test('the connection string can come from a file and is never logged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'server-process-'));
  const file = join(folder, 'database-url');
  await writeFile(file, `${database.url}\n`);
  try {
    const { program, url } = await serving({
      DATABASE_URL: undefined,
      DATABASE_URL_FILE: file,
      ROLLGATE_LOG_LEVEL: 'trace',
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    const { password } = new URL(database.url);
    expect(password).not.toBe('');
    expect(program.stdout() + program.stderr()).not.toContain(password);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('at level info a start is logged in one line', async () => {
  const { program } = await serving();
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(program.stdout().trim().split('\n')).toHaveLength(1);
});
