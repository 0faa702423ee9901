/** The settings of the sample platform, read from the environment and checked before anything is opened. */
import { readFileSync } from 'node:fs';
import {
  DATABASE_SECRETS,
  type DatabaseAddress,
  databaseAddress,
  databaseVariables,
} from '@rollgate/contract/database-address';
import { type Environment, readVariables, SettingsError } from '@rollgate/contract/environment';
import { z } from 'zod';
import { MIN_SECRET_BYTES } from './auth/tokens.js';

export interface Settings extends DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly jwtSecret: string;
  /** How long to keep serving after SIGTERM while `/readyz` already returns 503. */
  readonly drainMs: number;
  /** The page where a denied caller requests a custom limit. Undefined: the platform's own page. */
  readonly supportUrl: string | undefined;
}

const variables = databaseVariables.extend({
  PLATFORM_HOST: z.string().min(1).default('127.0.0.1'),
  PLATFORM_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port, 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port, 0 to 65535')
    .default(3001),
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
  const read = readVariables(variables, { environment, readFile, secrets: DATABASE_SECRETS });
  return {
    host: read.PLATFORM_HOST,
    port: read.PLATFORM_PORT,
    ...databaseAddress(read, { environment, readFile }),
    jwtSecret: readJwtSecret(environment),
    supportUrl: read.PLATFORM_SUPPORT_URL,
    drainMs: read.ROLLGATE_DRAIN_MS,
  };
}

/** @throws SettingsError */
export function readJwtSecret(environment: Environment): string {
  const { ROLLGATE_JWT_SECRET: given, ROLLGATE_JWT_SECRET_FILE: file } = environment;
  if (!given && !file) {
    throw new SettingsError([
      'ROLLGATE_JWT_SECRET is missing: set it, or ROLLGATE_JWT_SECRET_FILE to a file that holds it',
    ]);
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
  throw new SettingsError([`${name}: a secret has at least ${MIN_SECRET_BYTES} bytes, this one has ${bytes}`]);
}

function readSecretFile(file: string): string {
  try {
    // Editors and `echo` end a file with a line break that is not part of the secret.
    return readFile(file).trim();
  } catch (error) {
    throw new SettingsError([`ROLLGATE_JWT_SECRET_FILE ${file}: ${(error as Error).message}`]);
  }
}

function readFile(file: string): string {
  return readFileSync(file, 'utf8');
}
