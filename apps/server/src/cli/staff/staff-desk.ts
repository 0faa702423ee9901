/** What commands about staff and tokens work with: the service's own code on the database of DATABASE_URL. */
import { userInfo } from 'node:os';
import { describeDatabase, pendingMigrations } from '@rollgate/migrations';
import { DataSource } from 'typeorm';
import { readDatabaseUrl } from '../../settings.js';
import { People } from '../../staff/people.js';
import type { Author } from '../../staff/record.js';
import { ServiceToken } from '../../staff/service-token.entity.js';
import { ServiceTokens } from '../../staff/service-tokens.js';
import { Sessions } from '../../staff/sessions.js';
import { Staff } from '../../staff/staff.entity.js';
import type { Cli } from '../cli.js';

export interface StaffDesk {
  readonly people: People;
  readonly tokens: ServiceTokens;
  /** Whoever has the database's password may do anything; the history says which user of this machine it was. */
  readonly author: Author;
}

/** @throws Error with one line that says what is wrong */
export async function atStaffDesk<Result>(cli: Cli, work: (desk: StaffDesk) => Promise<Result>): Promise<Result> {
  const databaseUrl = readDatabaseUrl(cli.environment);
  const pending = await pendingMigrations({ databaseUrl });
  if (pending.length > 0)
    throw new Error(
      `the database at ${describeDatabase(databaseUrl)} lacks ${pending.join(', ')}: run "rollgate migrate"`,
    );
  const database = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema: 'rollgate',
    entities: [Staff, ServiceToken],
    applicationName: 'rollgate-cli',
    poolSize: 2,
    synchronize: false,
    installExtensions: false,
    logging: false,
  });
  await database.initialize();
  try {
    const author: Author = [`cli:${userName()}`, 'admin', null, null];
    const people = new People(database, new Sessions(database));
    return await work({ people, tokens: new ServiceTokens(database), author });
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
