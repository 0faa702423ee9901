import { join } from 'node:path';
import { isTrue } from './database.js';
import { output, type Preparation } from './program.js';

const TIMEOUT_MS = 300_000;
const IS_EMPTY = `NOT EXISTS (SELECT FROM rollgate.history) AND NOT EXISTS (SELECT FROM rollgate.limit_event)
  AND NOT EXISTS (SELECT FROM rollgate.staff)`;

/** Fills an empty database with a month of data. Does not change a database with data. Resolves to a message. */
export async function fillForDemo({ projectFolder, databaseUrl, pooled, env }: Preparation): Promise<string> {
  if (!(await isTrue({ databaseUrl, pooled }, IS_EMPTY)))
    return '--demo: the database is not empty, so it is not filled';
  return await output(join(projectFolder, 'apps', 'demo', 'dist', 'seed.js'), {
    args: [],
    env: { ...env, DATABASE_URL: databaseUrl },
    timeoutMs: TIMEOUT_MS,
  });
}
