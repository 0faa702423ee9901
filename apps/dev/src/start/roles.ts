import { connect } from '@rollgate/migrations';
import type pg from 'pg';
import type { Database } from './database.js';
import { readSecret } from './secret.js';

/** With which rights each program works: none of them may read or write the tables of limits, all go through functions. */
export interface DatabaseUrls {
  readonly service: string;
  readonly platform: string;
}

const SERVICE_ROLE = 'rollgate_admin_api';
const PLATFORM_ROLE = 'rollgate_runtime';
const AUDITOR_ROLE = 'rollgate_auditor';

/** Roles of our own Postgres get a password, kept in the data folder; a Postgres that is not ours stays as it is. */
export async function databaseUrls({ url, isOurs }: Database, dataFolder: string): Promise<DatabaseUrls> {
  if (!isOurs) return { service: url, platform: url };
  const client = await connect({ databaseUrl: url });
  try {
    const urls = {
      service: await urlOf(client, { url, role: SERVICE_ROLE, dataFolder }),
      platform: await urlOf(client, { url, role: PLATFORM_ROLE, dataFolder }),
    };
    await urlOf(client, { url, role: AUDITOR_ROLE, dataFolder });
    await giveSchemaToPlatform(client);
    return urls;
  } finally {
    await client.end();
  }
}

async function urlOf(
  client: pg.Client,
  { url, role, dataFolder }: { url: string; role: string; dataFolder: string },
): Promise<string> {
  const password = await readSecret(dataFolder, `${role}-password`);
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  const own = new URL(url);
  own.username = role;
  own.password = password;
  return own.href;
}

/** The sample makes its tables itself, which needs a schema that is its own. Earlier starts made it as the superuser. */
async function giveSchemaToPlatform(client: pg.Client): Promise<void> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS platform AUTHORIZATION ${PLATFORM_ROLE}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relnamespace = 'platform'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) <> '${PLATFORM_ROLE}'`,
  );
  for (const { name } of rows) await client.query(`ALTER TABLE ${name} OWNER TO ${PLATFORM_ROLE}`);
  await client.query(`ALTER SCHEMA platform OWNER TO ${PLATFORM_ROLE}`);
}
