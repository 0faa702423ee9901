import { expect, test } from '@jest/globals';
import { readersOf } from './citus-readers.js';
import { readFunctionFiles } from './function-files.js';

const files = await readFunctionFiles();

test('functions that report usage read the counters through readers', () => {
  const seen = readersOf(files).find(({ name }) => name === 'rollgate.account_seen');
  expect(seen?.sql).toContain('rollgate.read_heads(ARRAY[g]');
  expect(seen?.sql).not.toMatch(/FROM rollgate\.(?:counter|bucket)\b/);
});

test('a source that reads in another way is refused, so that no read is left behind', () => {
  const changed = files.map((file) =>
    file.name === 'rollgate.account_seen' ? { ...file, sql: file.sql.replaceAll('c.lane = g', 'c.lane = 0') } : file,
  );
  expect(() => readersOf(changed)).toThrow(/citus-readers\.ts expects .*rollgate/);
});
