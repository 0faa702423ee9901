/** The settings of the service and its command line, read from the environment and checked before anything is opened. */
import { readFileSync } from 'node:fs';
import {
  DATABASE_SECRETS,
  type DatabaseAddress,
  databaseAddress,
  databaseVariables,
  readDatabaseAddress as readAddress,
} from '@rollgate/contract/database-address';
import { type Environment, readVariables } from '@rollgate/contract/environment';
import { z } from 'zod';
import type { AuthenticationSettings } from './authentication/authentication-settings.js';
import { checkOidc, oidcSettings, oidcVariables } from './authentication/oidc/oidc-settings.js';
import { parseTrustedProxies, type TrustedProxies } from './authentication/trust-proxy.js';
import { DEFAULT_SIGN_IN_LIMITS, type SignInLimits } from './limiting/staff-limits.js';
import { LOG_LEVELS, type LogLevel } from './logging/logger.js';

/** Finished minutes younger than this are still within an hour window: the database refuses to remove them. */
const LEAST_KEEP_SECONDS = 3661;
/** Largest value of a Postgres `int`. */
const MOST_KEEP_SECONDS = 2_147_483_647;
/** A hundred years. */
const MOST_KEEP_DAYS = 36_500;
/** The database keeps younger rows of the access log, whatever a program requests. */
const LEAST_ACCESS_DAYS = 30;

/** Within this time a load balancer that checks every 2 s has checked twice. */
const DRAIN_MS = 5_000;
const MOST_DRAIN_MS = 600_000;

/** A sign-in limit that can never be reached would be useless; 0 would lock everyone out. */
const MOST_SIGN_INS = 10_000;

/** Default path of the screens. */
export const ADMIN_BASE = '/admin/';

export interface Settings extends DatabaseAddress, AuthenticationSettings {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** How long finished minutes are kept. Undefined: the janitor's default, one day. */
  readonly keepSeconds: number | undefined;
  /** How long limit events are kept, in days. Undefined: 90. */
  readonly keepEventDays?: number | undefined;
  /** How long usage by hour is kept, in days. Undefined: 400. */
  readonly keepUsageDays?: number | undefined;
  /** How long the access log is kept, in days. Undefined: 400. */
  readonly keepAccessDays?: number | undefined;
  /** Proxies that are trusted to report a caller's address. Undefined: none. */
  readonly trustProxy?: TrustedProxies | undefined;
  /** Path of the screens, with a slash at both ends. Undefined: `/admin/`. */
  readonly adminBase?: string | undefined;
  /** How long to keep serving after SIGTERM while `/readyz` already returns 503. */
  readonly drainMs?: number | undefined;
  /** Undefined: the limits of `DEFAULT_SIGN_IN_LIMITS`. */
  readonly signIn?: SignInLimits | undefined;
}

/** Settings that may also be given as `<NAME>_FILE`, a file that holds the value. */
const SECRETS = [...DATABASE_SECRETS, 'ROLLGATE_OIDC_CLIENT_SECRET', 'ROLLGATE_AUDITOR_PASSWORD'] as const;

const { perLogin, perAddress } = DEFAULT_SIGN_IN_LIMITS;

const serviceVariables = databaseVariables
  .extend({
    ROLLGATE_HOST: z.string().default('127.0.0.1'),
    ROLLGATE_PORT: wholeNumber({ least: 0, most: 65_535 }).default(3000),
    ROLLGATE_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    ROLLGATE_KEEP_SECONDS: wholeNumber({ least: LEAST_KEEP_SECONDS, most: MOST_KEEP_SECONDS }).optional(),
    ROLLGATE_KEEP_EVENT_DAYS: wholeNumber({ least: 1, most: MOST_KEEP_DAYS }).optional(),
    ROLLGATE_USAGE_DAYS: wholeNumber({ least: 1, most: MOST_KEEP_DAYS }).optional(),
    ROLLGATE_ACCESS_DAYS: wholeNumber({ least: LEAST_ACCESS_DAYS, most: MOST_KEEP_DAYS }).optional(),
    ROLLGATE_ENVIRONMENT: z.string().trim().max(40, 'must have at most 40 characters').default('development'),
    ROLLGATE_ADMIN_BASE: z
      .string()
      .trim()
      .regex(/^\/(?!(admin\/api|docs|healthz|readyz|metrics)(\/|$))([A-Za-z0-9._-]+\/)*[A-Za-z0-9._-]+\/?$/, {
        error: 'must be a path of its own like /admin/ or /tools/rollgate/',
      })
      .transform((path) => (path.endsWith('/') ? path : `${path}/`))
      .optional(),
    ROLLGATE_TRUST_PROXY: z
      .string()
      .transform((text, context) => {
        const proxies = parseTrustedProxies(text);
        if (proxies !== undefined) return proxies;
        context.addIssue(
          'must be a number of proxies from 1 to 16, or networks like 10.0.0.0/8, 192.0.2.7; never everybody',
        );
        return z.NEVER;
      })
      .optional(),
    ROLLGATE_DRAIN_MS: wholeNumber({ least: 0, most: MOST_DRAIN_MS }).default(DRAIN_MS),
    ROLLGATE_SIGN_IN_PER_MINUTE: wholeNumber({ least: 1, most: MOST_SIGN_INS }).default(perLogin.perMinute),
    ROLLGATE_SIGN_IN_PER_HOUR: wholeNumber({ least: 1, most: MOST_SIGN_INS }).default(perLogin.perHour),
    ROLLGATE_SIGN_IN_ADDRESS_PER_MINUTE: wholeNumber({ least: 1, most: MOST_SIGN_INS }).default(perAddress.perMinute),
    ROLLGATE_SIGN_IN_ADDRESS_PER_HOUR: wholeNumber({ least: 1, most: MOST_SIGN_INS }).default(perAddress.perHour),
    ...oidcVariables,
  })
  .superRefine(checkOidc);

/** @throws SettingsError */
export function readSettings(environment: Environment): Settings {
  const read = readVariables(serviceVariables, { environment, readFile, secrets: SECRETS });
  return {
    host: read.ROLLGATE_HOST,
    port: read.ROLLGATE_PORT,
    ...databaseAddress(read, { environment, readFile }),
    logLevel: read.ROLLGATE_LOG_LEVEL,
    keepSeconds: read.ROLLGATE_KEEP_SECONDS,
    keepEventDays: read.ROLLGATE_KEEP_EVENT_DAYS,
    keepUsageDays: read.ROLLGATE_USAGE_DAYS,
    keepAccessDays: read.ROLLGATE_ACCESS_DAYS,
    environment: read.ROLLGATE_ENVIRONMENT,
    trustProxy: read.ROLLGATE_TRUST_PROXY,
    publicUrl: read.ROLLGATE_PUBLIC_URL,
    adminBase: read.ROLLGATE_ADMIN_BASE,
    drainMs: read.ROLLGATE_DRAIN_MS,
    signIn: {
      perLogin: { perMinute: read.ROLLGATE_SIGN_IN_PER_MINUTE, perHour: read.ROLLGATE_SIGN_IN_PER_HOUR },
      perAddress: {
        perMinute: read.ROLLGATE_SIGN_IN_ADDRESS_PER_MINUTE,
        perHour: read.ROLLGATE_SIGN_IN_ADDRESS_PER_HOUR,
      },
    },
    oidc: oidcSettings(read),
  };
}

/** The settings that the command line needs. @throws SettingsError */
export function readDatabaseAddress(environment: Environment): DatabaseAddress & { readonly pooled: boolean } {
  return readAddress({ environment, readFile });
}

/** The address for a connection string that is shown to an auditor. @throws SettingsError */
export function readAuditor(environment: Environment): {
  readonly login: string | undefined;
  readonly password: string | undefined;
} {
  const variables = z.object({
    ROLLGATE_AUDITOR_LOGIN: z.string().optional(),
    ROLLGATE_AUDITOR_PASSWORD: z.string().optional(),
  });
  const read = readVariables(variables, { environment, readFile, secrets: SECRETS });
  return { login: read.ROLLGATE_AUDITOR_LOGIN, password: read.ROLLGATE_AUDITOR_PASSWORD };
}

function readFile(file: string): string {
  return readFileSync(file, 'utf8');
}

function wholeNumber({ least, most }: { least: number; most: number }) {
  const complaint = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .trim()
    .regex(/^\d{1,10}$/, { error: complaint, abort: true })
    .transform(Number)
    .refine((value) => value >= least && value <= most, complaint);
}
