/** What the platform is told by its environment, checked before anything is opened. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MIN_SECRET_BYTES } from './auth/tokens.js';

/** A setting is missing or wrong. The message is one line, for whoever starts the platform. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** A pooler that keeps no session for a client is in between. */
  readonly pooled: boolean;
  readonly jwtSecret: string;
  /** After SIGTERM: how long to serve while `/readyz` is 503 already. */
  readonly drainMs: number;
  /** Where a denied caller asks for a custom limit; the platform's own page where it is left out. */
  readonly supportUrl: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const variables = z.object({
  PLATFORM_HOST: z.string().min(1).default('127.0.0.1'),
  PLATFORM_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port, 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port, 0 to 65535')
    .default(3001),
  DATABASE_URL: z
    .string({ error: 'is missing: the Postgres to use, e.g. postgres://user:password@host:5432/name' })
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .refine(
      (url) => URL.canParse(url) && !new URL(url).pathname.includes('@'),
      'is not a URL (percent-encode / ? # @ % in the password, or give it as DATABASE_PASSWORD)',
    ),
  ROLLGATE_POOLED: z
    .enum(['true', 'false'], { error: 'must be true (a pooler in transaction mode is in between) or false' })
    .default('false'),
  /** As it is: it takes the place of one in DATABASE_URL, which would have to be percent-encoded. */
  DATABASE_PASSWORD: z.string().optional(),
  ROLLGATE_DRAIN_MS: z
    .string()
    .regex(/^\d{1,6}$/, 'must be a whole number of milliseconds, 0 to 600000')
    .transform(Number)
    .refine((ms) => ms <= 600_000, 'must be a whole number of milliseconds, 0 to 600000')
    .default(5_000),
  PLATFORM_SUPPORT_URL: z
    .string()
    .regex(/^https?:\/\//, 'must begin with http:// or https://')
    .optional(),
});

/** @throws SettingsError */
export function readSettings(environment: Environment): Settings {
  // A variable set to nothing is one that isn't set: compose files write them so.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = variables.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new SettingsError(`${String(issue?.path[0])} ${issue?.message}`);
  }
  const { PLATFORM_HOST, PLATFORM_PORT, DATABASE_URL, DATABASE_PASSWORD, ROLLGATE_POOLED } = read.data;
  return {
    host: PLATFORM_HOST,
    port: PLATFORM_PORT,
    databaseUrl: withPassword(DATABASE_URL, DATABASE_PASSWORD),
    pooled: ROLLGATE_POOLED === 'true',
    jwtSecret: readJwtSecret(given),
    supportUrl: read.data.PLATFORM_SUPPORT_URL,
    drainMs: read.data.ROLLGATE_DRAIN_MS,
  };
}

function withPassword(databaseUrl: string, password: string | undefined): string {
  if (password === undefined) return databaseUrl;
  return Object.assign(new URL(databaseUrl), { password: encodeURIComponent(password) }).href;
}

/** @throws SettingsError */
export function readJwtSecret(environment: Environment): string {
  const { ROLLGATE_JWT_SECRET: given, ROLLGATE_JWT_SECRET_FILE: file } = environment;
  if (!given && !file) {
    throw new SettingsError(
      'ROLLGATE_JWT_SECRET is missing: set it, or ROLLGATE_JWT_SECRET_FILE to a file that holds it',
    );
  }
  return checkedSecret(
    given || readSecretFile(String(file)),
    given ? 'ROLLGATE_JWT_SECRET' : `ROLLGATE_JWT_SECRET_FILE ${file}`,
  );
}

/** @throws SettingsError */
export function checkedSecret(secret: string, name: string): string {
  const bytes = Buffer.byteLength(secret);
  if (bytes >= MIN_SECRET_BYTES) return secret;
  throw new SettingsError(`${name}: a secret has at least ${MIN_SECRET_BYTES} bytes, this one has ${bytes}`);
}

function readSecretFile(file: string): string {
  try {
    // Editors and `echo` end a file with a line break that nobody means as part of the secret.
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingsError(`ROLLGATE_JWT_SECRET_FILE ${file}: ${(error as Error).message}`, { cause: error });
  }
}
