import { chmod, mkdir, mkdtemp, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { waitUntilGone } from '../processes.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './server.js';

// The tests depend on their order: they share one data folder, because creating one takes a second.

let home: string;
let server: EmbeddedPostgres;
const lines: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(home, 0o711);
  await begin();
  await query('CREATE TABLE kept (id int)');
}, 60_000);

afterAll(async () => {
  await server.stopImmediate();
  await rm(home, { recursive: true, force: true });
});

afterEach(() => {
  lines.splice(0);
});

async function begin(): Promise<void> {
  // Without fsync: these tests kill processes, not the machine, so the kernel still writes everything.
  server = await startEmbeddedPostgres({
    dataFolder: join(home, 'data'),
    settings: { fsync: 'off' },
    log: (line) => lines.push(line),
  });
}

async function query(sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

async function kept(): Promise<number> {
  return (await query('SELECT id FROM kept')).rows.length;
}

test('a server keeps its data and its password between starts', async () => {
  await query('INSERT INTO kept VALUES (1)');
  await server.stop();
  await begin();
  expect(await kept()).toBe(1);
  expect((await stat(join(home, 'data.password'))).mode & 0o777).toBe(0o600);
});

test('stopping a server leaves no process, and stop may be called twice', async () => {
  const { pid } = server;
  await server.stop();
  await server.stop();
  expect(await waitUntilGone(pid, 0)).toBe(true);
  await begin();
});

test('an acknowledged row survives kill -9 of Postgres', async () => {
  await query('INSERT INTO kept VALUES (2)');
  process.kill(server.pid, 'SIGKILL');
  await server.ended;
  await begin();
  expect(await kept()).toBe(2);
});

test('a start stops the server that an earlier run left behind on the same folder', async () => {
  const orphan = server;
  await begin();
  expect(lines).toEqual(['stopping a Postgres that an earlier run left behind']);
  expect(await waitUntilGone(orphan.pid, 0)).toBe(true);
  expect(await kept()).toBe(2);
});

test('a server starts although the process ID in postmaster.pid now belongs to another process', async () => {
  await server.stop();
  await writeFile(join(home, 'data', 'postmaster.pid'), `${process.pid}\n`);
  await begin();
  expect(await kept()).toBe(2);
});

test('the files of a killed initdb are removed and do not affect the database', async () => {
  await server.stop();
  await mkdir(join(home, 'data.new-killed', 'data', 'base'), { recursive: true });
  await begin();
  expect(await kept()).toBe(2);
  expect(await readdir(home)).not.toContain('data.new-killed');
});

test('an incomplete data folder is renamed and a new one is created', async () => {
  await server.stop();
  await unlink(join(home, 'data', 'global', 'pg_control'));
  await begin();
  expect(lines[0]).toMatch(/was never finished: moved to .*data\.incomplete-\d+$/);
  await expect(kept()).rejects.toThrow(/kept/);
}, 60_000);

test('an unknown setting is reported in one line that names the log file', async () => {
  await server.stop();
  const wrong = startEmbeddedPostgres({ dataFolder: join(home, 'data'), settings: { no_such_setting: '1' } });
  await expect(wrong).rejects.toThrow(/^Postgres did not start: .*no_such_setting.*\(log: .*data\.log\)$/);
});
