import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { checkSession } from '@rollgate/contract/database-session';
import { connect, describeDatabase, pendingMigrations } from '@rollgate/migrations';

/**
 * Checks that the database is migrated and that its sessions give correct results. Runs before anything else uses it.
 * @throws Error with one line that says what to do
 */
export async function checkMigrated(address: DatabaseAddress): Promise<void> {
  const client = await connect(address);
  try {
    await checkSession(client);
  } finally {
    await client.end();
  }
  const pending = await pendingMigrations(address);
  if (pending.length > 0)
    throw new Error(
      `the database at ${describeDatabase(address.databaseUrl)} lacks ${pending.join(', ')}: run "rollgate migrate"`,
    );
}
