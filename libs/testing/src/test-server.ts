import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@rollgate/migrations';
import pg from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres/server.js';
import { inspectProcess } from './processes.js';

export const TEMPLATE_DATABASE = 'rollgate_template';

/** One Postgres for a whole test run, with a migrated database to copy from. */
export interface TestServer {
  /** Superuser's connection string of the database `postgres`. */
  readonly url: string;
  /** The migrated database that test databases are copied from. Nobody may stay connected to it. */
  readonly templateUrl: string;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly settings?: Readonly<Record<string, string>>;
}

// fsync=off is what makes a database per test file cheap; a test of crashes starts a server of its own with it on.
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '256MB',
  max_connections: '200',
  max_wal_size: '2GB',
  jit: 'off',
};

export async function startTestServer({ settings = {} }: TestServerOptions = {}): Promise<TestServer> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  // mkdtemp makes it ours alone; as root, Postgres runs as another user and has to pass through.
  await chmod(folder, 0o711);
  try {
    const server = await startEmbeddedPostgres({
      dataFolder: join(folder, 'data'),
      settings: { ...TEST_SETTINGS, ...settings },
    });
    const stop = async () => {
      // Nothing of it is wanted: an immediate stop saves the checkpoint.
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

/** The same server and user, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Folders of runs that were killed; the watchdog stops their server but cannot remove the folder. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^rollgate-test-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && inspectProcess(pid) === undefined) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
