/** The service's own code, from the command line, on the database of DATABASE_URL. */
import { userInfo } from 'node:os';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { checkMigrated } from '../database/migrated.js';
import { readDatabaseUrl } from '../settings.js';
import type { Cli } from './cli.js';

type Entities = NonNullable<DataSourceOptions['entities']>;

/** Open while the work lasts. @throws Error with one line that says what is wrong */
export async function atDatabase<Result>(
  cli: Cli,
  entities: Entities,
  work: (database: DataSource, databaseUrl: string) => Promise<Result>,
): Promise<Result> {
  const databaseUrl = readDatabaseUrl(cli.environment);
  await checkMigrated(databaseUrl);
  const database = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema: 'rollgate',
    entities,
    applicationName: 'rollgate-cli',
    poolSize: 2,
    synchronize: false,
    installExtensions: false,
    logging: false,
  });
  await database.initialize();
  try {
    return await work(database, databaseUrl);
  } finally {
    await database.destroy();
  }
}

/** Of whoever runs the command, on this machine. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
