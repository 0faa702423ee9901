import { databasePlace, isPostgresUrl, POSTGRES_URL_EXAMPLE } from '@rollgate/contract/database-address';
import { type SessionOptions, sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';

/** A database cannot be used. The message is one line, which never contains the password. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

export interface ConnectOptions extends SessionOptions {
  readonly databaseUrl: string;
  /** Default: 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Longest time of a statement. This process ends it, so it also applies if the server stops responding. Default: no limit. */
  readonly queryTimeoutMs?: number;
  /** Shown in pg_stat_activity. Default: `rollgate-migrate`. */
  readonly applicationName?: string;
}

/** `host:port/database` of a connection string, without user and password. */
export function describeDatabase(databaseUrl: string): string {
  return databasePlace(checkedDatabaseUrl(databaseUrl));
}

/** Returns the URL if it is valid. @throws DatabaseUnavailableError */
export function checkedDatabaseUrl(databaseUrl: string): string {
  if (isPostgresUrl(databaseUrl)) return databaseUrl;
  // The value is not repeated, because a mistyped connection string may contain the password.
  throw new DatabaseUnavailableError(`DATABASE_URL is not a Postgres URL like ${POSTGRES_URL_EXAMPLE}`);
}

/** Opens a connection, which the caller ends. @throws DatabaseUnavailableError that names the database and the reason */
export async function connect(options: ConnectOptions): Promise<pg.Client> {
  const { databaseUrl, connectTimeoutMs = 5_000, applicationName = 'rollgate-migrate', queryTimeoutMs } = options;
  const where = describeDatabase(databaseUrl);
  const Client = sessionClient(pg.Client, options);
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: applicationName,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
  });
  // Without a listener, the loss of an idle connection would end the process. The next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new DatabaseUnavailableError(`cannot reach the database at ${where}: ${reason(error, connectTimeoutMs)}`);
  }
}

function reason(error: unknown, connectTimeoutMs: number): string {
  // localhost resolving to ::1 and 127.0.0.1 makes Node throw an AggregateError whose own message is empty. No instanceof: Jest
  // runs tests in a realm of their own, where errors made by Node are of another class.
  const failure = error as { code?: string; message?: string; errors?: Array<{ code?: string; message?: string }> };
  const { code = '', message = String(error) } = failure.errors?.[0] ?? failure;
  if (/timeout/i.test(message)) return `no answer within ${connectTimeoutMs / 1_000} s`;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host';
  return message.split('\n', 1)[0] ?? message;
}
