/** What is on disk when, on a server whose WAL writer does not flush for 10 s, and what a crash of it means. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres, until, withDatabase } from '@rollgate/testing';
import pg from 'pg';
import { Flushes } from '../src/connections/flushes.js';
import { type KeptClient, KeptConnections } from '../src/connections/kept-connections.js';
import type { Limiter } from '../src/limiter.js';
import { laneOf } from '../src/subject/subject-key.js';
import { openSampleLimiter } from './sample-limiter.js';

const SETTINGS = {
  fsync: 'on',
  // Asynchronous commits stay in memory until another session flushes.
  wal_writer_delay: '10s',
  wal_writer_flush_after: '1GB',
  autovacuum: 'off',
  jit: 'off',
};

let folder: string;
let port: number;
let server: EmbeddedPostgres;
let url: string;
const start = async () => {
  server = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), port, settings: SETTINGS });
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  port = await freePort();
  await start();
  url = withDatabase(server.url, 'durable');
  await withClient(server.url, (client) => client.query('CREATE DATABASE durable'));
  await migrate({ databaseUrl: url });
});
afterAll(async () => {
  await server.stopImmediate();
  await rm(folder, { recursive: true, force: true });
});

let limiter: Limiter | undefined;
beforeEach(() => {
  limiter = undefined;
});
afterEach(() => limiter?.close());

async function withClient<Result>(to: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: to });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

let bots = 0;
const newBot = () => `b-${++bots}`;
const subjectOf = (bot: string) => `acme/publish-bot/bot=${bot}`;

interface Batch {
  readonly bot?: string;
  readonly calls?: number;
  readonly durable?: boolean;
}

async function acquire(client: pg.Client, { bot = newBot(), calls = 1, durable }: Batch = {}): Promise<number> {
  const values = [[laneOf('acme')], [subjectOf(bot)], [1], [calls], [60], [1800], null];
  const { rows } = await client.query<{ granted: number }>(
    durable === undefined
      ? 'SELECT granted[1] AS granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7)'
      : 'SELECT granted[1] AS granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7, $8)',
    durable === undefined ? values : [...values, durable],
  );
  return rows[0]?.granted ?? 0;
}

const insertedTo = async (client: pg.Client) =>
  (await client.query<{ at: string }>('SELECT pg_current_wal_insert_lsn() AS at')).rows[0]?.at as string;
const isOnDisk = async (client: pg.Client, at: string) =>
  (await client.query<{ on_disk: boolean }>('SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn AS on_disk', [at])).rows[0]
    ?.on_disk;

test.each([
  { commit: 'on', durable: undefined, onDisk: true },
  { commit: 'on', durable: true, onDisk: true },
  { commit: 'on', durable: false, onDisk: false },
  { commit: 'local', durable: true, onDisk: true },
  { commit: 'off', durable: true, onDisk: false },
])(
  'with synchronous_commit = $commit and durable = $durable, a grant that was answered is on disk: $onDisk',
  async ({ commit, durable, onDisk }) => {
    await withClient(url, async (client) => {
      await client.query(`SET synchronous_commit = ${commit}`);
      await acquire(client, durable === undefined ? {} : { durable });
      expect(await isOnDisk(client, await insertedTo(client))).toBe(onDisk);
      // The setting of the session is unchanged.
      expect((await client.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: commit }]);
    });
  },
);

test.each(['on', 'local', 'remote_write', 'remote_apply'])(
  'with synchronous_commit = %s, a flush of another session puts a grant on disk',
  async (commit) => {
    await withClient(url, async (client) => {
      await acquire(client, { durable: false });
      const at = await insertedTo(client);
      expect(await isOnDisk(client, at)).toBe(false);
      await withClient(url, async (other) => {
        await other.query(`SET synchronous_commit = ${commit}`);
        await other.query('SELECT rollgate.flush()');
      });
      expect(await isOnDisk(client, at)).toBe(true);
    });
  },
);

test('with synchronous_commit = off, a flush waits for nothing, as any commit does', async () => {
  await withClient(url, async (client) => {
    await client.query('SET synchronous_commit = off');
    await acquire(client, { durable: false });
    await client.query('SELECT rollgate.flush()');
    expect(await isOnDisk(client, await insertedTo(client))).toBe(false);
  });
});

test('a flush behind a batch that granted nothing writes nothing, and one behind a grant flushes it', async () => {
  await withClient(url, async (client) => {
    const bot = newBot();
    expect(await acquire(client, { bot, calls: 60, durable: false })).toBe(60);
    await client.query('SELECT rollgate.flush(true)');
    const at = await insertedTo(client);
    expect(await isOnDisk(client, at)).toBe(true);
    expect(await acquire(client, { bot, durable: false })).toBe(0);
    await client.query('SELECT rollgate.flush(true)');
    expect(await insertedTo(client)).toBe(at);
  });
});

test('a flush counts for a batch only on a connection that was open before the batch was sent', async () => {
  const kept = new KeptConnections({
    size: 1,
    async open() {
      const client = new pg.Client({ connectionString: url }) as KeptClient;
      await client.connect();
      return client;
    },
    onFault: () => undefined,
    onRefused: () => undefined,
    onWhole: () => undefined,
  });
  const noLimit = () => undefined;
  const flushes = new Flushes({ kept, connectWithinMs: noLimit, answerWithinMs: noLimit });
  const before = performance.now();
  kept.giveBack(await kept.take(), { broken: false });
  await expect(flushes.flushed(before)).rejects.toMatchObject({ name: 'NotFlushedError' });
  await flushes.flushed(performance.now());
  await kept.end();
});

test.each(['an immediate stop', 'a crash of one process'])(
  'after %s, remembered denials are forgotten, because the grants that they rest on may be lost',
  async (kind) => {
    limiter = openSampleLimiter(url, { pollEveryMs: 3_600_000, events: false, onReport: () => undefined });
    await limiter.start();
    const bot = newBot();
    const call = { account: 'acme', api: 'publish-bot', dimensions: { bot } };
    const granted = await withClient(url, async (client) => {
      const all = await acquire(client, { bot, calls: 60, durable: false });
      // The denial rests on grants that are not on disk.
      expect(await limiter?.acquire(call)).toMatchObject({ deniedBy: 'minute' });
      expect(await isOnDisk(client, await insertedTo(client))).toBe(false);
      await (kind === 'an immediate stop' ? server.stopImmediate() : killBackend(client));
      return all;
    });
    expect(granted).toBe(60);
    if (kind === 'an immediate stop') await start();
    const counted = () =>
      withClient(url, (client) =>
        client.query('SELECT FROM rollgate.counter WHERE subject = $1', [subjectOf(bot)]),
      ).then(
        ({ rowCount }) => rowCount,
        () => undefined,
      );
    await until(async () => (await counted()) === 0, { what: 'the server is back, without the grants' });
    await until(async () => (await limiter?.acquire(call))?.mode === 'enforced', { what: 'the database decides' });
    await until(async () => (await limiter?.acquire(call))?.allowed, {
      what: 'the call is allowed',
      timeoutMs: 5_000,
    });
  },
  60_000,
);

/** Kills the session's process, so that Postgres restarts all its processes. */
async function killBackend(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0]?.pid as number, 'SIGKILL');
}
