/** Lower bounds for any limiter on this database: a round trip, and a round trip with a durable commit. */
import pg from 'pg';
import type { Contender, ContenderOptions } from './contender.js';

const STATEMENTS = {
  /** Writes nothing, so it flushes nothing. */
  'select-1': 'SELECT 1',
  /** `SELECT 1` and a commit, the smallest durable transaction: it uses no table, writes an empty record and flushes it. */
  'select-1-commit': `SELECT 1 FROM pg_logical_emit_message(true, '', '')`,
} as const;

export type YardstickName = keyof typeof STATEMENTS;

export class Yardstick implements Contender {
  readonly #statement: { name: string; text: string };
  readonly #client: pg.Client;

  constructor(name: YardstickName, { databaseUrl }: ContenderOptions) {
    this.#statement = { name, text: STATEMENTS[name] };
    this.#client = new pg.Client({ connectionString: databaseUrl });
  }

  async open(): Promise<void> {
    await this.#client.connect();
  }

  async decide(): Promise<boolean> {
    await this.#client.query(this.#statement);
    return true;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
