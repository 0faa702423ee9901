/** Runs the service's own code from the command line, on the database of DATABASE_URL. */
import { userInfo } from 'node:os';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { checkMigrated } from '../database/migrated.js';
import { readDatabaseAddress } from '../settings.js';
import type { Cli } from './cli.js';

type Entities = NonNullable<DataSourceOptions['entities']>;

/** The connection is open while the work lasts. @throws Error with one line that says what is wrong */
export async function atDatabase<Result>(
  cli: Cli,
  entities: Entities,
  work: (database: DataSource, address: DatabaseAddress & { readonly pooled: boolean }) => Promise<Result>,
): Promise<Result> {
  const address = readDatabaseAddress(cli.environment);
  await checkMigrated(address);
  const database = new DataSource({
    type: 'postgres',
    url: address.databaseUrl,
    schema: 'rollgate',
    extra: { Client: sessionClient(pg.Client, address) },
    entities,
    applicationName: 'rollgate-cli',
    poolSize: 2,
    synchronize: false,
    installExtensions: false,
    logging: false,
  });
  await database.initialize();
  try {
    return await work(database, address);
  } finally {
    await database.destroy();
  }
}

/** Name of the operating-system user that runs the command. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
