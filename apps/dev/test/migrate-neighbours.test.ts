/** Migrating into a database that other applications use: only objects of Rollgate are changed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, MIGRATIONS_OF_010, migrate, readFunctionFiles, readSql } from '@rollgate/migrations';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.pool.query(
    `DO $$ BEGIN CREATE ROLE neighbour NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  );
});

afterEach(() => database.drop());

const THEIRS = (schema: string) => `
  CREATE SCHEMA ${schema} AUTHORIZATION neighbour;
  SET ROLE neighbour;
  CREATE TABLE ${schema}.entries (id int GENERATED ALWAYS AS IDENTITY, what text);
  CREATE VIEW ${schema}.recent AS SELECT * FROM ${schema}.entries;
  CREATE FUNCTION ${schema}.note(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE TYPE ${schema}.mood AS ENUM ('good');
  RESET ROLE;`;

/** Owner, rights and comment of every object in the database that does not belong to Postgres. */
async function picture(): Promise<string[]> {
  const { rows } = await database.pool.query<{ line: string }>(`
    SELECT line FROM (
      SELECT concat_ws(' ', 'schema', nspname, pg_get_userbyid(nspowner), nspacl, obj_description(oid, 'pg_namespace')) AS line, nspname FROM pg_namespace
      UNION ALL
      SELECT concat_ws(' ', c.relkind, c.oid::regclass, pg_get_userbyid(c.relowner), c.relacl), n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      UNION ALL
      SELECT concat_ws(' ', 'function', p.oid::regprocedure, pg_get_userbyid(p.proowner), p.proacl), n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      UNION ALL
      SELECT concat_ws(' ', 'type', t.oid::regtype, pg_get_userbyid(t.typowner), t.typacl), n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      UNION ALL
      SELECT concat_ws(' ', 'database', datacl), '' FROM pg_database WHERE datname = current_database()
    ) o WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`);
  return rows.map(({ line }) => line);
}

describe('a database with schemas of other applications', () => {
  test('keeps its schema audit as it is: owners, rights, functions', async () => {
    await database.pool.query(THEIRS('audit'));
    const before = await picture();
    expect(await migrate({ databaseUrl: database.url })).toEqual(['001-baseline']);
    const after = await picture();
    expect(after.filter((line) => !line.includes('rollgate'))).toEqual(before);
    const { rows } = await database.pool.query(
      `SELECT has_schema_privilege('rollgate_auditor', 'audit', 'USAGE') AS reads`,
    );
    expect(rows).toEqual([{ reads: false }]);
  });

  test.each(['rollgate_audit', 'rollgate'])(
    'is left alone when its own %s is there, and the message says what to do',
    async (schema) => {
      await database.pool.query(THEIRS('audit'));
      await database.pool.query(THEIRS(schema));
      const before = await picture();
      const refusal = await migrate({ databaseUrl: database.url }).then(
        () => 'migrated',
        (error: Error) => error.message,
      );
      expect(refusal).toContain(
        `The schema ${schema} of this database is not Rollgate's: it belongs to neighbour and holds function ${schema}.note of neighbour`,
      );
      expect(refusal).toContain(`Rename it (ALTER SCHEMA ${schema} RENAME TO …)`);
      expect(await picture()).toEqual(before);
    },
  );

  test('whose schema rollgate has a table of migrations of its own is left alone', async () => {
    await database.pool.query(`CREATE SCHEMA rollgate;
      CREATE TABLE rollgate.migration (id serial PRIMARY KEY, timestamp bigint, name varchar);
      INSERT INTO rollgate.migration (timestamp, name) VALUES (1, 'CreateUsers1')`);
    await expect(migrate({ databaseUrl: database.url })).rejects.toThrow(
      /not Rollgate's.*a table migration that Rollgate did not make/,
    );
  });

  test('in which a DBA has prepared empty schemas is migrated', async () => {
    await database.pool.query('CREATE SCHEMA rollgate; CREATE SCHEMA rollgate_audit');
    expect(await migrate({ databaseUrl: database.url })).toEqual(['001-baseline']);
  });

  test("that later gets a table and a function in Rollgate's schemas keeps them as they are", async () => {
    await migrate({ databaseUrl: database.url });
    await database.pool.query(`CREATE TABLE rollgate.theirs (id int); CREATE TABLE rollgate_audit.theirs (id int);
      CREATE FUNCTION rollgate_audit.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    const before = await picture();
    await migrate({ databaseUrl: database.url, repairAccess: true });
    expect(await picture()).toEqual(before);
  });
});

describe('what is Rollgate’s', () => {
  test('belongs to rollgate_owner from the start, including later partitions', async () => {
    await migrate({ databaseUrl: database.url });
    await database.pool.query(`SELECT rollgate.maintain_events(90, 30) FROM generate_series(1, 10)`);
    const { rows } = await database.pool.query(
      `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = ANY (ARRAY['rollgate', 'rollgate_audit']::regnamespace[]) AND c.relowner <> 'rollgate_owner'::regrole
       UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = ANY (ARRAY['rollgate', 'rollgate_audit']::regnamespace[]) AND p.proowner <> 'rollgate_owner'::regrole
       UNION ALL SELECT t.oid::regtype::text FROM pg_type t WHERE t.typnamespace = ANY (ARRAY['rollgate', 'rollgate_audit']::regnamespace[]) AND t.typowner <> 'rollgate_owner'::regrole
       UNION ALL SELECT nspname FROM pg_namespace WHERE nspname IN ('rollgate', 'rollgate_audit') AND nspowner <> 'rollgate_owner'::regrole`,
    );
    expect(rows).toEqual([]);
    const partitions = await database.pool.query(
      `SELECT FROM pg_inherits WHERE inhparent = 'rollgate.limit_event_row'::regclass`,
    );
    expect(partitions.rowCount).toBeGreaterThan(10);
  });

  test('has no function that the folder functions/ does not name, so all of them are closed to PUBLIC', async () => {
    await migrate({ databaseUrl: database.url });
    const names = (await readFunctionFiles()).map(({ name }) => name);
    const { rows } = await database.pool.query(
      `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname IN ('rollgate', 'rollgate_audit')
         AND (n.nspname || '.' || p.proname <> ALL ($1::text[]) OR has_function_privilege('neighbour', p.oid, 'EXECUTE'))`,
      [names],
    );
    expect(rows).toEqual([]);
  });
});

describe('a database of 0.1.0 that had taken over a foreign schema audit', () => {
  test('gives it back as far as possible, and prints what is left to do', async () => {
    await database.pool.query(`CREATE SCHEMA rollgate;
      CREATE TABLE rollgate.migration (id serial CONSTRAINT "PK_3043fc6b8af7c99b8b98830094f" PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL);
      ${THEIRS('audit').replace('CREATE SCHEMA', 'CREATE SCHEMA IF NOT EXISTS')}`);
    await database.pool.query(
      (await readSql('test/0.1.0.sql')).replace('CREATE SCHEMA audit', 'CREATE SCHEMA IF NOT EXISTS audit'),
    );
    for (const [index, name] of MIGRATIONS_OF_010.entries())
      await database.pool.query('INSERT INTO rollgate.migration (timestamp, name) VALUES ($1, $2)', [index + 1, name]);
    const warnings: string[] = [];
    await migrate({ databaseUrl: database.url, onWarning: (line) => warnings.push(line) });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^The schema audit is kept: .*FUNCTION audit\.note\(text\), TABLE audit\.entries, TYPE audit\.mood, VIEW audit\.recent\..*ALTER SCHEMA audit OWNER TO/s,
      ),
    ]);
    const client = await connect({ databaseUrl: database.url });
    try {
      for (const name of ['audit.entries', 'audit.recent']) {
        const { rows } = await client.query(`SELECT has_table_privilege('rollgate_auditor', $1, 'SELECT') AS reads`, [
          name,
        ]);
        expect(rows).toEqual([{ reads: false }]);
      }
    } finally {
      await client.end();
    }
  });
});
