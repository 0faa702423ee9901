import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresStore } from '@acpr/rate-limit-postgresql';
import type { Options } from 'express-rate-limit';
import pg from 'pg';
import { type Contender, type ContenderOptions, PEER_CONNECTIONS } from './contender.js';

// The function that the last migration of the store creates.
const MIGRATED = `SELECT to_regprocedure('rate_limit.ind_increment(text, text, double precision, timestamptz)') IS NOT NULL AS done`;

/** The Postgres store of express-rate-limit (by default one row per key), called the way the middleware calls it. */
export class ExpressPostgres implements Contender {
  readonly #options: ContenderOptions;
  #minute!: PostgresStore;
  #hour!: PostgresStore;

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#minute = await this.#store({ prefix: 'minute', windowMs: 60_000 });
    this.#hour = await this.#store({ prefix: 'hour', windowMs: 3_600_000 });
  }

  async decide(account: string, subject: string): Promise<boolean> {
    const key = `${account}:${subject}`;
    const [minute, hour] = await Promise.all([this.#minute.increment(key), this.#hour.increment(key)]);
    const { perMinute, perHour } = this.#options.limits;
    return minute.totalHits <= perMinute && hour.totalHits <= perHour;
  }

  async close(): Promise<void> {
    await this.#minute.pool.end();
    await this.#hour.pool.end();
  }

  async #store({ prefix, windowMs }: { prefix: string; windowMs: number }): Promise<PostgresStore> {
    const { databaseUrl } = this.#options;
    const store = new PostgresStore({ connectionString: databaseUrl, max: PEER_CONNECTIONS / 2 }, prefix);
    store.init({ windowMs } as Options);
    await migrated(databaseUrl);
    return store;
  }
}

/** Waits for the store's migrations: its constructor starts them and does not report when they are done. */
async function migrated(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (let tries = 0; tries < 200; tries++) {
      const { rows } = await client.query<{ done: boolean }>(MIGRATED);
      if (rows[0]?.done === true) return;
      await sleep(50);
    }
    throw new Error('the migrations of @acpr/rate-limit-postgresql did not end within 10 s');
  } finally {
    await client.end();
  }
}
