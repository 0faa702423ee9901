import { expect, test } from '@jest/globals';
import { checkEngine, EngineError, type EngineFacts, engineOf, readEngineFacts } from './database-engine.js';

const POSTGRES = 'PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 12.2.0, 64-bit';

const facts = (version: string, ...marks: string[]): EngineFacts => ({ version, marks });

test.each([
  ['postgres', facts(POSTGRES)],
  ['citus', facts(POSTGRES, 'extension citus')],
  ['citus-worker', facts(POSTGRES, 'extension citus', 'citus worker')],
  ['cockroachdb', facts('CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/02 10:00:00, go1.23.7)')],
  ['yugabytedb', facts('PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang, 64-bit')],
  ['yugabytedb', facts('PostgreSQL 15.12-YB-2025.1.0.1-b0 on x86_64-pc-linux-gnu, compiled by clang, 64-bit')],
  ['aurora', facts(POSTGRES, 'function aurora_version')],
  ['aurora-limitless', facts(POSTGRES, 'function aurora_version', 'relation rds_aurora.limitless_tables')],
  ['aurora-dsql', facts('PostgreSQL 16', 'relation sys.iam_pg_role_mappings')],
  ['alloydb', facts(POSTGRES, 'role alloydbsuperuser')],
  ['neon', facts(POSTGRES, 'setting neon.timeline_id')],
  ['neon', facts(POSTGRES, 'role neon_superuser')],
  ['supabase', facts(POSTGRES, 'role supabase_admin')],
])('%s is recognized', (id, found) => {
  expect(engineOf(found).id).toBe(id);
});

/** A server that answers `version()` and, if it has the catalogs of Postgres, everything else. */
function server({ version, rows }: { version: string; rows?: ReadonlyArray<Record<string, unknown>> }) {
  const asked: string[] = [];
  return {
    asked,
    query(text: string) {
      asked.push(text);
      if (/^SELECT version\(\)/.test(text)) return Promise.resolve({ rows: [{ version }] });
      if (rows === undefined) return Promise.reject(new Error('at or near "from": syntax error'));
      return Promise.resolve({ rows });
    },
  };
}

test.each([
  ['CockroachDB CCL v25.2.1', /^Rollgate does not run on CockroachDB: its advisory locks are missing or do nothing/],
  ['PostgreSQL 15.12-YB-2025.1.0.1-b0', /^Rollgate does not run on YugabyteDB: .* READ COMMITTED/],
])('%s is refused by its version alone, because it may lack the catalogs', async (version, message) => {
  const database = server({ version });
  const error = await checkEngine(database).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as Error).message).toMatch(message);
  expect(database.asked).toHaveLength(1);
});

test('the marks of Postgres are read once its version does not tell the engine', async () => {
  const database = server({ version: POSTGRES, rows: [{ mark: 'function aurora_version' }] });
  expect(await readEngineFacts(database)).toEqual({ version: POSTGRES, marks: ['function aurora_version'] });
  expect((await checkEngine(database)).name).toBe('Amazon Aurora PostgreSQL');
});

test('an error of the database is not an engine that passes', async () => {
  await expect(checkEngine(server({ version: POSTGRES }))).rejects.toThrow('syntax error');
});
