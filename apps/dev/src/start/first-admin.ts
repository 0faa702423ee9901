import { join } from 'node:path';
import { connect } from '@rollgate/migrations';
import { output } from './program.js';

const LOGIN = 'admin@localhost';

export interface FirstAdmin {
  readonly login: string;
  readonly password: string;
}

/** Somebody has to be the first who signs in. undefined: there is somebody already, enabled or not. */
export async function ensureAdmin({
  projectFolder,
  databaseUrl,
  env,
}: {
  projectFolder: string;
  databaseUrl: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<FirstAdmin | undefined> {
  if (await hasStaff(databaseUrl)) return undefined;
  const printed = await output(join(projectFolder, 'apps', 'server', 'dist', 'cli.js'), {
    args: ['staff', 'add', LOGIN, '--role', 'admin', '--name', 'First admin', '--json'],
    env: { ...env, DATABASE_URL: databaseUrl },
  });
  const { staff, password } = JSON.parse(printed) as { staff: { login: string }; password: string };
  return { login: staff.login, password };
}

async function hasStaff(databaseUrl: string): Promise<boolean> {
  const client = await connect({ databaseUrl });
  try {
    return (await client.query('SELECT FROM rollgate.staff LIMIT 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}
