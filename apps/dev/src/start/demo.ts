import { join } from 'node:path';
import { type ConnectOptions, connect } from '@rollgate/migrations';
import { output } from './program.js';

const TIMEOUT_MS = 300_000;

/** Fills an empty database with a month; one that holds anything is left alone. Returns what to tell. */
export async function fillForDemo({
  projectFolder,
  databaseUrl,
  pooled,
  env,
}: {
  projectFolder: string;
  databaseUrl: string;
  pooled: boolean;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<string> {
  if (!(await isEmpty({ databaseUrl, pooled })))
    return '--demo: the database holds something already, it is left as it is';
  return await output(join(projectFolder, 'apps', 'demo', 'dist', 'seed.js'), {
    args: [],
    env: { ...env, DATABASE_URL: databaseUrl },
    timeoutMs: TIMEOUT_MS,
  });
}

async function isEmpty(address: ConnectOptions): Promise<boolean> {
  const client = await connect(address);
  try {
    const { rows } = await client.query<{ empty: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM rollgate.history) AND NOT EXISTS (SELECT FROM rollgate.limit_event)
         AND NOT EXISTS (SELECT FROM rollgate.staff) AS empty`,
    );
    return rows[0]?.empty === true;
  } finally {
    await client.end();
  }
}
