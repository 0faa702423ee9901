import { join } from 'node:path';
import { type ConnectOptions, connect } from '@rollgate/migrations';
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
  pooled,
  env,
}: {
  projectFolder: string;
  databaseUrl: string;
  pooled: boolean;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<FirstAdmin | undefined> {
  if (await hasStaff({ databaseUrl, pooled })) return undefined;
  const printed = await output(join(projectFolder, 'apps', 'server', 'dist', 'cli.js'), {
    args: ['staff', 'add', LOGIN, '--role', 'admin', '--name', 'First admin', '--json'],
    env: { ...env, DATABASE_URL: databaseUrl },
  });
  const { staff, password } = JSON.parse(printed) as { staff: { login: string }; password: string };
  return { login: staff.login, password };
}

async function hasStaff(address: ConnectOptions): Promise<boolean> {
  const client = await connect(address);
  try {
    return (await client.query('SELECT FROM rollgate.staff LIMIT 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}
