import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectOptions, connect } from '@rollgate/migrations';
import { embeddedPostgresObstacle, startEmbeddedPostgres } from '@rollgate/testing';
import { fallbackFolder, type Settings } from './settings.js';

export interface Database {
  /** Connection string of a user who may migrate the database. */
  readonly url: string;
  /** `true` for an embedded Postgres that npm start runs. */
  readonly isEmbedded: boolean;
  /** Resolves when the embedded Postgres ends. Never resolves for another database. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

// Settings that affect durability keep their defaults, so an allowed call survives a power failure here too.
const DURABLE_SETTINGS = { shared_buffers: '256MB', max_connections: '200', max_wal_size: '2GB', jit: 'off' };

export async function openDatabase(settings: Settings, say: (line: string) => void): Promise<Database> {
  if (settings.databaseUrl === undefined) return startEmbedded(settings, say);
  const { databaseUrl: url, pooled } = settings;
  const client = await connect({ databaseUrl: url, pooled });
  await client.end();
  return {
    url,
    isEmbedded: false,
    ended: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  };
}

async function startEmbedded({ dataFolder }: Settings, say: (line: string) => void): Promise<Database> {
  const server = await startEmbeddedPostgres({
    dataFolder: await postgresFolder(dataFolder, say),
    settings: DURABLE_SETTINGS,
    log: (line) => say(`Postgres: ${line}`),
  });
  try {
    const url = new URL(server.url);
    url.pathname = '/rollgate';
    await createDatabase(server.url);
    const file = join(dataFolder, 'database-url');
    await writeFile(file, `${url.href}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
    const stop = async () => {
      // Remove the file: the command line must not use the address of a stopped server.
      await rm(file, { force: true });
      await server.stop();
    };
    return { url: url.href, isEmbedded: true, ended: server.ended, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Whether an SQL condition is true in the database. */
export async function isTrue(address: ConnectOptions, condition: string): Promise<boolean> {
  const client = await connect(address);
  try {
    const { rows } = await client.query<{ holds: boolean }>(`SELECT ${condition} AS holds`);
    return rows[0]?.holds === true;
  } finally {
    await client.end();
  }
}

async function postgresFolder(dataFolder: string, say: (line: string) => void): Promise<string> {
  const wanted = join(dataFolder, 'postgres');
  const obstacle = await embeddedPostgresObstacle(wanted);
  if (obstacle === undefined) return wanted;
  const elsewhere = fallbackFolder(dataFolder);
  say(`Postgres runs as the user "postgres", which has no access to ${obstacle}: its data is in ${elsewhere}`);
  await mkdir(elsewhere, { recursive: true });
  return join(elsewhere, 'postgres');
}

async function createDatabase(serverUrl: string): Promise<void> {
  const client = await connect({ databaseUrl: serverUrl });
  try {
    const found = await client.query(`SELECT FROM pg_database WHERE datname = 'rollgate'`);
    if (found.rowCount === 0) await client.query('CREATE DATABASE rollgate');
  } finally {
    await client.end();
  }
}
