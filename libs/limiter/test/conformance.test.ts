import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { rules } from './rules.js';
import { laneStore, memoryStore, pairedStore, postgresStore } from './stores.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe.each([
  ['Postgres', () => postgresStore(database)],
  ['Postgres, one lane at a time', () => laneStore(database)],
  ['Postgres, in a batch with another subject', () => pairedStore(database)],
  ['memory', memoryStore],
])('%s', (_name, open) => {
  test.each(Object.entries(rules))('%s', async (_rule, check) => {
    await check(open());
  });
});
