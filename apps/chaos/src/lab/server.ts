/** A durable Postgres that can be stopped hard and started again on the same port. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres, withDatabase } from '@rollgate/testing';
import pg from 'pg';

/** With these settings an allowed call is on disk before it is answered. */
export const DURABLE: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  log_lock_waits: 'on',
  jit: 'off',
};

const TEMPLATE = 'chaos_template';

export interface ServerOptions {
  readonly dataFolder: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export class Server {
  readonly dataFolder: string;
  readonly port: number;
  readonly #options: ServerOptions;
  #running: EmbeddedPostgres;
  #log = '';

  private constructor(options: ServerOptions, port: number, running: EmbeddedPostgres) {
    this.#options = options;
    this.dataFolder = options.dataFolder;
    this.port = port;
    this.#running = running;
  }

  static async start(options: ServerOptions): Promise<Server> {
    const port = await freePort();
    return new Server(options, port, await launch(options, port));
  }

  /** Connects to the database `postgres` as superuser. */
  get url(): string {
    return this.#running.url;
  }

  get ended(): Promise<void> {
    return this.#running.ended;
  }

  /** Starts a stopped server again; after an immediate stop, with crash recovery. */
  async startAgain(): Promise<void> {
    this.#log += this.#newestLog();
    this.#running = await launch(this.#options, this.port);
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  /** Stops the server as `pg_ctl stop -m immediate` does. */
  stopImmediate(): Promise<void> {
    return this.#running.stopImmediate();
  }

  /** The server's log since the first start. */
  log(): string {
    return this.#log + this.#newestLog();
  }

  /** Copies the data folder of the stopped server, for another server. */
  copyTo(dataFolder: string): void {
    // Keep the owners: as root, Postgres runs as another user.
    execFileSync('cp', ['-a', this.dataFolder, dataFolder]);
    execFileSync('cp', ['-a', `${this.dataFolder}.password`, `${dataFolder}.password`]);
  }

  /** Creates a database with Rollgate's schema, as a copy of a template that is migrated once. */
  async database(name: string): Promise<string> {
    const names = await this.query<{ datname: string }>('SELECT datname FROM pg_database');
    if (!names.some(({ datname }) => datname === TEMPLATE)) {
      await this.query(`CREATE DATABASE ${TEMPLATE}`);
      await migrate({ databaseUrl: withDatabase(this.url, TEMPLATE) });
    }
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    return withDatabase(this.url, name);
  }

  async query<Row extends object>(text: string, database = 'postgres'): Promise<Row[]> {
    return await queryOnce<Row>(withDatabase(this.url, database), text);
  }

  #newestLog(): string {
    return readFileSync(`${this.dataFolder}.log`, 'utf8');
  }
}

function launch({ dataFolder, settings, environment = {} }: ServerOptions, port: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataFolder, port, settings: { ...DURABLE, ...settings }, environment });
}

/** Runs one query on a connection of its own. */
export async function queryOnce<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = await connectTo(url);
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'chaos', connectionTimeoutMillis: 5_000 });
  // If the server is stopped, the query fails. Without a listener the error would also end this process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
