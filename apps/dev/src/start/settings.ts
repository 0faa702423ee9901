import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { withPassword } from '@rollgate/contract/database-address';
import { checkedDatabaseUrl } from '@rollgate/migrations';

export interface Settings {
  readonly projectFolder: string;
  readonly dataFolder: string;
  readonly servicePort: number;
  readonly platformPort: number;
  /** `undefined`: use an embedded Postgres. */
  readonly databaseUrl: string | undefined;
  /** `true`: `databaseUrl` names a connection pooler in transaction mode. */
  readonly pooled: boolean;
  /** `true`: fill an empty database first. */
  readonly demo: boolean;
}

/** A wrong setting. The message is one line, which is printed without a stack trace. */
export class SettingError extends Error {}

export interface SettingSources {
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly demo?: boolean;
}

export function readSettings({ projectFolder, env, demo = false }: SettingSources): Settings {
  const servicePort = readPort(env, 'ROLLGATE_PORT', 3000);
  const platformPort = readPort(env, 'PLATFORM_PORT', 3001);
  if (servicePort === platformPort)
    throw new SettingError(`ROLLGATE_PORT and PLATFORM_PORT are both ${servicePort}: set one of them`);
  const databaseUrl = readDatabaseUrl(env);
  const pooled = text(env, 'ROLLGATE_POOLED') === 'true';
  const dataFolder = resolve(projectFolder, text(env, 'ROLLGATE_DATA_FOLDER') ?? '.rollgate');
  return { projectFolder, dataFolder, servicePort, platformPort, databaseUrl, pooled, demo };
}

function readDatabaseUrl(env: SettingSources['env']): string | undefined {
  const databaseUrl = text(env, 'DATABASE_URL');
  if (databaseUrl === undefined) return undefined;
  return withPassword(checkedDatabaseUrl(databaseUrl), text(env, 'DATABASE_PASSWORD'));
}

/** Folder for the data of Postgres if its user has no access to the data folder, e.g. in a project below /root. */
export function fallbackFolder(dataFolder: string): string {
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  return join('/var/lib/rollgate', name);
}

/** An empty variable counts as not set, as in a compose file. */
function text(env: SettingSources['env'], name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function readPort(env: SettingSources['env'], name: string, byDefault: number): number {
  const value = text(env, name);
  if (value === undefined) return byDefault;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535) throw new SettingError(`${name} must be a port from 1 to 65535, not "${value}"`);
  return port;
}
