import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@rollgate/migrations';
import { embeddedPostgresObstacle, startEmbeddedPostgres } from '@rollgate/testing';
import { fallbackFolder, type Settings } from './settings.js';

export interface Database {
  /** Of whoever may migrate it. */
  readonly url: string;
  /** Started here, for this project alone. */
  readonly isOurs: boolean;
  /** Resolves when the database ends by itself; never for one that is not ours. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

// Everything that makes a commit durable stays at its default: a grant once given survives a power cut here too.
const DURABLE_SETTINGS = { shared_buffers: '256MB', max_connections: '200', max_wal_size: '2GB', jit: 'off' };

export async function openDatabase(settings: Settings, say: (line: string) => void): Promise<Database> {
  if (settings.databaseUrl === undefined) return startOwn(settings, say);
  const { databaseUrl: url, pooled } = settings;
  const client = await connect({ databaseUrl: url, pooled });
  await client.end();
  return {
    url,
    isOurs: false,
    ended: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  };
}

async function startOwn({ dataFolder }: Settings, say: (line: string) => void): Promise<Database> {
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
      // A connection string that leads nowhere would only puzzle the command line.
      await rm(file, { force: true });
      await server.stop();
    };
    return { url: url.href, isOurs: true, ended: server.ended, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function postgresFolder(dataFolder: string, say: (line: string) => void): Promise<string> {
  const wanted = join(dataFolder, 'postgres');
  const obstacle = await embeddedPostgresObstacle(wanted);
  if (obstacle === undefined) return wanted;
  const elsewhere = fallbackFolder(dataFolder);
  say(`Postgres runs as the user "postgres", which may not enter ${obstacle}: its data is kept in ${elsewhere}`);
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
