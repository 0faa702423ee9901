import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { createTestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { NOW, tellAuditedStory } from './audited-story.js';
test('gen', async () => {
  const database = await createTestDatabase();
  await tellAuditedStory(database);
  const a = new pg.Client({ connectionString: database.url });
  await a.connect();
  await a.query(`SET SESSION AUTHORIZATION rollgate_auditor; SET timezone='UTC'`);
  const out: Record<string, unknown> = {};
  for (const f of readdirSync('docs/sql').filter((n) => n.endsWith('.sql')).sort())
    out[f] = (await a.query(readFileSync('docs/sql/' + f, 'utf8').replaceAll('now()', `timestamptz '${NOW}'`))).rows;
  writeFileSync('apps/server/test/docs-sql.expected.json', JSON.stringify(out, null, 1) + '\n');
  await a.end();
  await database.drop();
}, 60000);
