/** Several processes deny a million calls, and the events count every one of them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode, type TestDatabase } from '@rollgate/testing';
import { countedCalls, eventRows } from './event-rows.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a million denials by three instances are recorded to the unit, in few rows', async () => {
  const denials = 1_000_000;
  const instances = await Promise.all(
    [333_333, 333_333, 333_334].map((share) =>
      spawnNode({
        script: new URL('deny-instance.mjs', import.meta.url).pathname,
        args: [`--database=${database.url}`, `--denials=${share}`],
        readyLine: /^ready$/,
      }),
    ),
  );
  for (const instance of instances) instance.send('go\n');
  const told = await Promise.all(
    instances.map(
      async (instance) => JSON.parse(await instance.waitForLine(/^\{/)) as { denied: number; perSecond: number },
    ),
  );
  await Promise.all(instances.map((instance) => instance.exited));
  expect(told.reduce((sum, { denied }) => sum + denied, 0)).toBe(denials);
  expect(await countedCalls(database.pool)).toBe(denials);
  const rows = await eventRows(database.pool);
  expect(rows.reduce((sum, { units }) => sum + units, 0)).toBe(denials);
  // Ten subjects, three instances, a few seconds.
  expect(rows.length).toBeLessThan(30 * 30);
  expect((await database.pool.query('SELECT * FROM rollgate.recheck_decisions()')).rows).toEqual([]);
}, 60_000);
