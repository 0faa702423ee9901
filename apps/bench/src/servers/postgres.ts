/** The Postgres of a benchmark: durable, one server for all contenders that count in it, with a database for each. */
import { join } from 'node:path';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, startEmbeddedPostgres, until } from '@rollgate/testing';
import pg from 'pg';

/**
 * Every allowed call is flushed before it is answered: fsync, synchronous_commit and full_page_writes are on. A checkpoint during a
 * run would slow one contender and not the next, so these settings avoid checkpoints. Autovacuum has its default settings.
 */
export const POSTGRES_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_connections: '400',
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

  /** Connection string of the database with this name, which is created on first use. */
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

  /**
   * Makes every flush of the log longer by this many ms, as on a slower disk: a backend that flushes waits first, while it
   * holds the lock of the log, so the server makes one flush at a time. 0: back to normal.
   */
  async delayFlushes(ms: number): Promise<void> {
    const settings = { commit_delay: Math.round(ms * 1000), commit_siblings: 0 };
    for (const [name, value] of Object.entries(settings))
      await this.#query(ms > 0 ? `ALTER SYSTEM SET ${name} = ${value}` : `ALTER SYSTEM RESET ${name}`);
    await this.#query('SELECT pg_reload_conf()');
    // The server applies new settings a moment later.
    const shown = async () => (await this.#query<{ commit_delay: string }>('SHOW commit_delay'))[0]?.commit_delay;
    await until(async () => Number(await shown()) === settings.commit_delay, { what: 'the delay of flushes is set' });
  }

  async version(): Promise<string> {
    return (await this.#query<{ server_version: string }>('SHOW server_version'))[0]?.server_version ?? '';
  }

  /** Stops without a checkpoint, because the data is discarded. */
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
    // If the server is stopped during a query (Ctrl-C), the query fails. Without a listener the error event would end the
    // process before
    // everything is cleaned up.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }
}
