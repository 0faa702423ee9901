import { join } from 'node:path';
import { isTrue } from './database.js';
import { output, type Preparation } from './program.js';

const LOGIN = 'admin@localhost';

export interface FirstAdmin {
  readonly login: string;
  readonly password: string;
}

/** Creates the first staff member. `undefined`: there is staff already, enabled or not. */
export async function ensureAdmin({
  projectFolder,
  databaseUrl,
  pooled,
  env,
}: Preparation): Promise<FirstAdmin | undefined> {
  if (await isTrue({ databaseUrl, pooled }, 'EXISTS (SELECT FROM rollgate.staff)')) return undefined;
  const printed = await output(join(projectFolder, 'apps', 'server', 'dist', 'cli.js'), {
    args: ['staff', 'add', LOGIN, '--role', 'admin', '--name', 'First admin', '--json'],
    env: { ...env, DATABASE_URL: databaseUrl },
  });
  const { staff, password } = JSON.parse(printed) as { staff: { login: string }; password: string };
  return { login: staff.login, password };
}
