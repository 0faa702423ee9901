/** The Postgres of a bench: durable, one server for all who count in it, a database for each of them. */
import { join } from 'node:path';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rollgate/testing';
import pg from 'pg';

/**
 * Every grant is flushed before it is answered: fsync, synchronous_commit and full_page_writes are on. A checkpoint within a
 * run would hit one contender and spare the next, so none falls due; autovacuum is left as it is.
 */
export const POSTGRES_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_connections: '200',
  jit: 'off',
};

export class PostgresServer {
  readonly #server: EmbeddedPostgres;
  readonly #made = new Map<string, Promise<string>>();

  private constructor(server: EmbeddedPostgres) {
    this.#server = server;
  }

  static async start(folder: string): Promise<PostgresServer> {
    return new PostgresServer(
      await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), settings: POSTGRES_SETTINGS }),
    );
  }

  /** Connection string of a database of this name, made when it is first asked for. */
  database(name: string, { migrated }: { migrated: boolean }): Promise<string> {
    let url = this.#made.get(name);
    if (url === undefined) {
      url = this.#make(name, migrated);
      this.#made.set(name, url);
    }
    return url;
  }

  async drop(name: string): Promise<void> {
    this.#made.delete(name);
    await this.#query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  async version(): Promise<string> {
    return (await this.#query<{ server_version: string }>('SHOW server_version'))[0]?.server_version ?? '';
  }

  /** What it takes on disk is not wanted any more: no checkpoint. */
  async stop(): Promise<void> {
    await this.#server.stopImmediate();
  }

  async #make(name: string, migrated: boolean): Promise<string> {
    await this.#query(`CREATE DATABASE ${name}`);
    const url = new URL(this.#server.url);
    url.pathname = `/${name}`;
    if (migrated) await migrate({ databaseUrl: url.href });
    return url.href;
  }

  async #query<Row extends object>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#server.url, application_name: 'bench' });
    // A server stopped under it (Ctrl-C) fails the query; without a listener it would end the process before all is cleaned up.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }
}
