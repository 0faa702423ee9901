import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@rollgate/migrations';
import pg from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres/server.js';
import { inspectProcess } from './processes.js';

export const TEMPLATE_DATABASE = 'rollgate_template';

/** One Postgres for a whole test run, with a migrated database as the template of test databases. */
export interface TestServer {
  /** Connection string of the database `postgres`, as superuser. */
  readonly url: string;
  /**
   * Connection string of the template. Do not keep connections to it open: Postgres copies only a database without sessions.
   */
  readonly templateUrl: string;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly settings?: Readonly<Record<string, string>>;
}

// fsync=off makes a database per test file cheap. Crash tests start their own server with fsync on.
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '256MB',
  max_connections: '200',
  max_wal_size: '2GB',
  jit: 'off',
};

/** Starts the server in a temporary folder and migrates the template. `settings` are added to the server's settings. */
export async function startTestServer({ settings = {} }: TestServerOptions = {}): Promise<TestServer> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  // mkdtemp gives access to the current user only. If that is root, Postgres runs as another user and must be able to enter.
  await chmod(folder, 0o711);
  try {
    const server = await startEmbeddedPostgres({
      dataFolder: join(folder, 'data'),
      settings: { ...TEST_SETTINGS, ...settings },
    });
    const stop = async () => {
      // The data is discarded, so an immediate stop avoids the checkpoint.
      await server.stopImmediate();
      await rm(folder, { recursive: true, force: true });
    };
    try {
      await makeTemplate(server.url);
    } catch (error) {
      await stop();
      throw error;
    }
    return { url: server.url, templateUrl: withDatabase(server.url, TEMPLATE_DATABASE), stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeTemplate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
    await migrate({ databaseUrl: withDatabase(url, TEMPLATE_DATABASE) });
  } finally {
    await client.end();
  }
}

/** Returns this connection string with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Removes the folders of runs that were killed. The watchdog stops their servers but can't remove their folders. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^rollgate-test-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && inspectProcess(pid) === undefined) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
