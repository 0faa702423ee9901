/**
 * How to reach the database and sign in: a URL and optionally a password. Both may come from functions, so that a
 * rotated password takes effect without a restart.
 *
 * Invariant: no message contains the URL or the password.
 */
import { databasePlace, isPostgresUrl, POSTGRES_URL_EXAMPLE } from '@rollgate/contract/database-address';
import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import { within } from '../tasks/within.js';

/**
 * `postgres://user:password@host:5432/database`, or a function that returns it. The function is called for each new
 * connection.
 */
export type DatabaseUrl = string | (() => string | Promise<string>);
/** The password, or a function that returns it. The function is called for each new connection. */
export type Password = string | (() => string | Promise<string>);

/** Longest time for a function to return the URL or the password. */
const FETCH_WITHIN_MS = 2_000;

/** The connection string is missing or invalid. The message does not repeat it, because it may contain a password. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

/** @throws DatabaseUrlError */
function checkedDatabaseUrl(url: unknown): string {
  const example = `it must be like ${POSTGRES_URL_EXAMPLE}`;
  if (url === undefined || url === null || url === '') {
    throw new DatabaseUrlError(`databaseUrl is ${url === '' ? 'empty' : 'missing'}: ${example}`);
  }
  if (typeof url !== 'string') throw new DatabaseUrlError(`databaseUrl is a ${typeof url}: ${example}`);
  if (!isPostgresUrl(url)) throw new DatabaseUrlError(`databaseUrl is not a Postgres URL: ${example}`);
  return url;
}

export interface DatabaseLoginOptions {
  readonly databaseUrl: DatabaseUrl;
  readonly password?: Password | undefined;
  /** Set to `true` if connections go through a pooler, which accepts only a few settings at the start of a session. */
  readonly pooled?: boolean | undefined;
}

export class DatabaseLogin {
  readonly #source: DatabaseUrl;
  readonly #password: Password | undefined;
  readonly #pooled: boolean;
  #url: string;

  /** @throws DatabaseUrlError when the URL is a string and not a valid Postgres URL */
  constructor({ databaseUrl, password, pooled = false }: DatabaseLoginOptions) {
    this.#source = databaseUrl;
    this.#pooled = pooled;
    this.#password = password;
    this.#url = typeof databaseUrl === 'function' ? '' : checkedDatabaseUrl(databaseUrl);
  }

  /** The database as `host:port/database`, for messages. */
  get place(): string {
    if (this.#url === '') return 'the place that databaseUrl returns';
    return databasePlace(this.#url);
  }

  /**
   * Fetches the URL and password again if they come from functions. @throws the function's error, or DatabaseUrlError
   */
  async refresh(): Promise<void> {
    const source = this.#source;
    if (typeof source !== 'function') return;
    this.#url = checkedDatabaseUrl(
      await within(FETCH_WITHIN_MS, Promise.resolve().then(source), 'databaseUrl returned nothing'),
    );
  }

  /** A client class of the driver that signs in with the values fetched last and sets Rollgate's session settings. */
  get Client(): typeof pg.Client {
    const url = () => this.#url;
    const secret = this.#password;
    return class extends sessionClient(pg.Client, { pooled: this.#pooled }) {
      constructor(config: pg.ClientConfig) {
        super({ ...config, connectionString: url() });
        // Set here because in the configuration a connection string without a password would take precedence.
        if (secret !== undefined) Object.assign(this, { password: secret });
      }
    } as typeof pg.Client;
  }
}
