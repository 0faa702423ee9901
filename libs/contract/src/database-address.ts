/** Reads the address of a program's database: every program accepts the same URLs, from the same variables. */
import { z } from 'zod';
import { comesFromFile, readVariables, type SettingSources } from './environment.js';

/** The database that a program uses, and how the program connects to it. */
export interface DatabaseAddress {
  readonly databaseUrl: string;
  /**
   * Reads `databaseUrl` again, so that a new connection uses a rotated password. Undefined: neither the URL nor the password
   * came from a file.
   */
  readonly readDatabaseUrl?: (() => string) | undefined;
  /** `true`: the connection goes through a pooler that keeps no session for a client (PgBouncer's transaction mode). */
  readonly pooled?: boolean | undefined;
}

/** The form of a valid URL, for messages. */
export const POSTGRES_URL_EXAMPLE = 'postgres://user:password@host:5432/database';

/** Variables of the address that may also be given as a file. */
export const DATABASE_SECRETS = ['DATABASE_URL', 'DATABASE_PASSWORD'] as const;

export const databaseVariables = z.object({
  DATABASE_URL: z
    .string({ error: `is missing: the Postgres to use, e.g. ${POSTGRES_URL_EXAMPLE}` })
    .refine(
      isPostgresUrl,
      `is not a Postgres URL like ${POSTGRES_URL_EXAMPLE} (percent-encode / ? # @ % in the password, or give it as DATABASE_PASSWORD)`,
    ),
  /** Not encoded: it replaces a password in DATABASE_URL, which would have to be percent-encoded. */
  DATABASE_PASSWORD: z.string().optional(),
  ROLLGATE_POOLED: z
    .enum(['true', 'false'], { error: 'must be true (a pooler in transaction mode is in between) or false' })
    .transform((value) => value === 'true')
    .default(false),
});

/** @throws SettingsError */
export function readDatabaseAddress(
  sources: Omit<SettingSources, 'secrets'>,
): DatabaseAddress & { readonly pooled: boolean } {
  return databaseAddress(readVariables(databaseVariables, { ...sources, secrets: DATABASE_SECRETS }), sources);
}

/** The address that variables of `databaseVariables` give. `sources`: where they were read from. */
export function databaseAddress(
  { DATABASE_URL, DATABASE_PASSWORD, ROLLGATE_POOLED: pooled }: z.output<typeof databaseVariables>,
  sources: Omit<SettingSources, 'secrets'>,
): DatabaseAddress & { readonly pooled: boolean } {
  const databaseUrl = withPassword(DATABASE_URL, DATABASE_PASSWORD);
  if (!DATABASE_SECRETS.some((name) => comesFromFile(sources.environment, name))) return { databaseUrl, pooled };
  return { databaseUrl, pooled, readDatabaseUrl: () => readDatabaseAddress(sources).databaseUrl };
}

/** Whether the driver can connect with this URL. */
export function isPostgresUrl(text: string): boolean {
  // Not every URL parser accepts a socket directory as the host, as in `postgres://%2Frun%2Fpostgresql/name`.
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname } = new URL(text);
  try {
    // The driver decodes these parts and would throw while connecting.
    for (const part of [username, password, pathname]) decodeURIComponent(part);
  } catch {
    return false;
  }
  // An @ after the first slash means that the password contains a slash, so the part before it was parsed as host and
  // port.
  return (protocol === 'postgres:' || protocol === 'postgresql:') && !pathname.includes('@');
}

/** Replaces the URL's password by this one, which is not encoded. `undefined`: returns the URL unchanged. */
export function withPassword(databaseUrl: string, password: string | undefined): string {
  if (password === undefined) return databaseUrl;
  return Object.assign(new URL(databaseUrl), { password: encodeURIComponent(password) }).href;
}

/** `host:port/database` of a valid URL, for messages: without user and password. */
export function databasePlace(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  // URLs in the style of libpq may name a socket directory as `?host=/run/postgresql`.
  const host = url.searchParams.get('host') ?? (url.hostname === '' ? 'localhost' : url.hostname);
  return `${host}:${url.port === '' ? '5432' : url.port}${url.pathname === '/' ? '' : url.pathname}`;
}
