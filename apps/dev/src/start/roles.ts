import { connect, ensureLogin, GROUPS, type Purpose } from '@rollgate/migrations';
import type pg from 'pg';
import type { Database } from './database.js';
import { readSecret } from './secret.js';

/** Connection strings of the programs. Their logins can't read or write the tables of limits; they use functions. */
export interface DatabaseUrls {
  readonly service: string;
  readonly platform: string;
}

interface Login {
  readonly name: string;
  readonly purpose: Purpose;
}

const SERVICE: Login = { name: 'service', purpose: 'service' };
const PLATFORM: Login = { name: 'platform', purpose: 'runtime' };
const AUDITOR: Login = { name: 'auditor', purpose: 'auditor' };

/** Creates logins in the embedded Postgres; their passwords are in the data folder. Another Postgres is not changed. */
export async function databaseUrls({ url, isEmbedded }: Database, dataFolder: string): Promise<DatabaseUrls> {
  if (!isEmbedded) return { service: url, platform: url };
  const client = await connect({ databaseUrl: url });
  try {
    const urls = {
      service: await urlOf(client, { url, login: SERVICE, dataFolder }),
      platform: await urlOf(client, { url, login: PLATFORM, dataFolder }),
    };
    await urlOf(client, { url, login: AUDITOR, dataFolder });
    await closeGroups(client);
    await giveSchemaToPlatform(client);
    return urls;
  } finally {
    await client.end();
  }
}

async function urlOf(
  client: pg.Client,
  { url, login, dataFolder }: { url: string; login: Login; dataFolder: string },
): Promise<string> {
  const password = await readSecret(dataFolder, `${login.name}-password`);
  await ensureLogin(client, { ...login, password });
  const own = new URL(url);
  own.username = login.name;
  own.password = password;
  return own.href;
}

/** Removes the right to log in from the groups, as which programs of 0.1.0 connected. */
async function closeGroups(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1) AND rolcanlogin',
    [Object.values(GROUPS)],
  );
  for (const { name } of rows)
    await client.query(`ALTER ROLE ${name} NOLOGIN PASSWORD NULL; ALTER ROLE ${name} RESET ALL`);
}

/** Makes the platform's login the owner of its schema, in which it creates tables. Earlier versions used another login. */
async function giveSchemaToPlatform(client: pg.Client): Promise<void> {
  const owner = PLATFORM.name;
  await client.query(`CREATE SCHEMA IF NOT EXISTS platform AUTHORIZATION ${owner}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relnamespace = 'platform'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) <> '${owner}'`,
  );
  for (const { name } of rows) await client.query(`ALTER TABLE ${name} OWNER TO ${owner}`);
  await client.query(`ALTER SCHEMA platform OWNER TO ${owner}`);
}
