/** Runs every query in docs/sql as the auditor, on a story with fixed dates, and compares whole results. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { NOW, tellAuditedStory } from './audited-story.js';

const folder = fileURLToPath(new URL('../../../docs/sql/', import.meta.url));
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .sort();
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');
const expected = JSON.parse(
  readFileSync(fileURLToPath(new URL('./docs-sql.expected.json', import.meta.url)), 'utf8'),
) as Record<string, object[]>;

let database: TestDatabase;
let auditor: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  await tellAuditedStory(database);
  auditor = new pg.Client({ connectionString: database.url });
  await auditor.connect();
  await auditor.query(
    `SET SESSION AUTHORIZATION rollgate_auditor; SET timezone = 'UTC'; SET default_transaction_read_only = on`,
  );
});
afterAll(async () => {
  await auditor?.end();
  await database?.drop();
});

test('there are enough queries, and every stored result belongs to one', () => {
  expect(files.length).toBeGreaterThanOrEqual(12);
  expect(Object.keys(expected).sort()).toEqual(files);
});

test.each(files)('the query %s returns the stored result', async (name) => {
  const sql = textOf(name);
  // A query takes the time only through its parameters.
  const { rows } = await auditor.query(sql.replaceAll('now()', `timestamptz '${NOW}'`));
  expect(JSON.parse(JSON.stringify(rows))).toEqual(expected[name]);
});

test.each(files)('%s starts with its question, reads only the schema rollgate_audit, and is in the list', (name) => {
  const [question = ''] = textOf(name).split('\n');
  expect(question).toMatch(/^-- [A-Z].*\?/);
  expect(textOf(name)).not.toMatch(/rollgate\./);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`| [${name}](${name}) | ${question.slice(3)} |`);
});
