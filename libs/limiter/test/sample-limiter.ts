/** Databases and limiters that know the sample catalogue, for tests. */
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';

/** A limiter that waits long enough on a busy machine, and leaves the janitor's work to the test. */
export function openSampleLimiter(databaseUrl: string, options: Partial<PostgresLimiterOptions> = {}): Limiter {
  return createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl,
    janitor: false,
    budgetMs: 20_000,
    ...options,
  });
}

/** Creates a database in which an application has registered the sample, and has stopped since. */
export async function createSampleDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const limiter = openSampleLimiter(database.url, { events: false });
  await limiter.refreshPolicy();
  await limiter.close();
  return database;
}
