/**
 * The schema `platform` of the sample, in the same Postgres as the limits. The platform creates it at startup; it is not part of
 * the product's migrations.
 */
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { checkSession, sessionClient } from '@rollgate/contract/database-session';
import { DatabaseSilentError, isDatabaseAway, SilenceWatch } from '@rollgate/limiter';
import pg from 'pg';

/** Lock for platforms that start at the same time, because each would create the schema. */
const SCHEMA_LOCK = 7_655_283_553;

/** Includes the wait for a free connection, so a shorter time would cause errors under load. */
const CONNECTION_WAIT_MS = 30_000;

const SCHEMA = `
-- Not CREATE SCHEMA IF NOT EXISTS, which needs the right to create schemas even if the schema exists.
DO $$ BEGIN
  IF to_regnamespace('platform') IS NULL THEN CREATE SCHEMA platform; END IF;
END $$;
CREATE TABLE IF NOT EXISTS platform.owners (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('account', 'bot', 'table')),
  id text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS owners_by_account ON platform.owners (account, kind, id);
CREATE TABLE IF NOT EXISTS platform.documents (
  account text COLLATE "C" NOT NULL,
  bot text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  body jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account, bot, kind, id)
);
CREATE TABLE IF NOT EXISTS platform.changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  bot text COLLATE "C" NOT NULL,
  event text NOT NULL,
  ids text[] NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS changes_by_place ON platform.changes (account, bot, id);
CREATE TABLE IF NOT EXISTS platform.jobs (
  id uuid PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  bot text COLLATE "C" NOT NULL,
  api text COLLATE "C" NOT NULL,
  started_at_ms bigint NOT NULL,
  duration_ms int NOT NULL,
  result jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS platform.rows (
  account text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  body jsonb NOT NULL,
  PRIMARY KEY (account, table_name, id)
);
`;

/** @throws Error with the reason in one line when the database can't be used */
async function createSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    // If all addresses of a host refuse, the error has no message.
    const { message, code } = error as { message?: string; code?: string };
    throw new Error(`the database of DATABASE_URL does not answer: ${message || code}`, { cause: error });
  });
  try {
    await checkSession(client);
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    const { rows } = await client.query<{ ready: boolean }>(`SELECT to_regclass('platform.rows') IS NOT NULL AS ready`);
    // Check first, because even CREATE INDEX IF NOT EXISTS blocks writers of a running platform.
    if (!rows[0]?.ready) await client.query(SCHEMA);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true); // together with its open transaction
    throw error;
  }
}

/**
 * The platform's connections. A statement may wait when the database is busy. When the database is silent, all waiting calls
 * end within `SILENT_CALLS_END_WITHIN_MS` of `@rollgate/limiter`.
 */
export class Database {
  readonly #pool: pg.Pool;
  readonly #watch: SilenceWatch;

  constructor({
    databaseUrl,
    readDatabaseUrl,
    pooled,
    onIdleError,
  }: DatabaseAddress & { readonly onIdleError: (error: Error) => void }) {
    const Client = sessionClient(pg.Client, { pooled, readDatabaseUrl });
    this.#watch = new SilenceWatch({ databaseUrl, Client });
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      Client: this.#watch.Client,
      max: 10,
      connectionTimeoutMillis: CONNECTION_WAIT_MS,
    });
    // Without a listener, the loss of an idle connection would end this process.
    this.#pool.on('error', onIdleError);
  }

  /** @throws the error of Postgres or the driver, or DatabaseSilentError; see `isDatabaseAway` */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    return new Promise((resolve, reject) => {
      const call = { isOver: false };
      const over = this.#watch.begin((silent) => {
        call.isOver = true;
        reject(silent);
      });
      this.#run<Row>({ text, values }, call).then(resolve, reject).finally(over);
    });
  }

  /** @throws Error with the reason in one line when the database can't be used */
  createSchema(): Promise<void> {
    return createSchema(this.#pool);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #run<Row extends pg.QueryResultRow>(
    query: pg.QueryConfig,
    call: { readonly isOver: boolean },
  ): Promise<pg.QueryResult<Row>> {
    const client = await this.#pool.connect();
    let isLost = false;
    try {
      // The caller has been answered while this waited for a connection, so nothing may be changed now.
      if (call.isOver) throw new DatabaseSilentError();
      return await client.query<Row>(query);
    } catch (error) {
      isLost = isDatabaseAway(error);
      throw error;
    } finally {
      client.release(isLost);
    }
  }
}
