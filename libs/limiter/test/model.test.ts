import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { PostgresStore } from '../src/store/postgres-store.js';
import { agreesAcrossSweeps, agreesOnTraffic, type Modelled } from './model.js';
import { oneLaneStatement, PairedStore } from './stores.js';

const RUNS = Number(process.env['ROLLGATE_MODEL_RUNS'] ?? 1000);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe.each<[string, Modelled['open'], number]>([
  ['Postgres', (clock) => new PostgresStore({ pool: database.pool, clock }), RUNS],
  ['Postgres, in a batch with another subject', (clock) => new PairedStore({ pool: database.pool, clock }), RUNS],
  [
    'Postgres, one lane at a time',
    (clock) => new PostgresStore({ pool: database.pool, clock, statement: oneLaneStatement(clock) }),
    RUNS / 4,
  ],
])('%s', (_name, open, runs) => {
  test('memory and the naive log agree with it on traffic with refunds, resets and a clock that steps back', async () => {
    await agreesOnTraffic({ pool: database.pool, open }, runs);
  }, 120_000);

  test('a sweep changes no answer', async () => {
    await agreesAcrossSweeps({ pool: database.pool, open }, runs / 4);
  }, 60_000);
});
