/** A Postgres for one test file, because changes of roles must not affect the shared server. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInstalledPostgres, startEmbeddedPostgres, withDatabase } from '@rollgate/testing';
import pg from 'pg';

export interface OwnServer {
  /** Connection string of the superuser for the database `postgres`. */
  readonly url: string;
  /** Runs a statement or script as the superuser, in that database or another one. */
  query(sql: string, database?: string): Promise<Array<Record<string, unknown>>>;
  /** The connection string of another user, whose password is its name. */
  urlOf(user: string, database: string): string;
  /** The server's log. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** The server versions to test: the one in node_modules, and Debian's if it is installed. */
export const SERVER_VERSIONS: readonly number[] = installedVersions();

function installedVersions(): number[] {
  if (findInstalledPostgres(15) !== undefined) return [18, 15];
  console.warn('SKIPPED on Postgres 15: it is not installed (node apps/dev/bin/test-servers.mjs installs it)');
  return [18];
}

export async function startOwnServer(major = 18): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  const installed = major === 18 ? undefined : findInstalledPostgres(major);
  const server = await startEmbeddedPostgres({
    dataFolder: join(folder, 'data'),
    settings: { fsync: 'off' },
    ...(installed === undefined ? {} : { binaries: installed }),
  });
  return {
    url: server.url,
    query: (sql, database = 'postgres') => queryAs(withDatabase(server.url, database), sql),
    urlOf: (user, database) =>
      Object.assign(new URL(withDatabase(server.url, database)), { username: user, password: user }).href,
    log: () => readFile(join(folder, 'data.log'), 'utf8'),
    stop: async () => {
      await server.stopImmediate();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The rows of the last statement. */
export async function queryAs(url: string, sql: string): Promise<Array<Record<string, unknown>>> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const result: unknown = await client.query(sql);
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult<Record<string, unknown>>;
    return last.rows;
  } finally {
    await client.end();
  }
}
