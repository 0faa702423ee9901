import { describeDatabase, pendingMigrations } from '@rollgate/migrations';

/** Before anything is built on it, so that what is wrong with the database is told in one line. @throws Error */
export async function checkMigrated(databaseUrl: string): Promise<void> {
  const pending = await pendingMigrations({ databaseUrl });
  if (pending.length > 0)
    throw new Error(
      `the database at ${describeDatabase(databaseUrl)} lacks ${pending.join(', ')}: run "rollgate migrate"`,
    );
}
