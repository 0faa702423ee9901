import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DENIED_MESSAGE } from '@rollgate/contract';
import { connect, MIGRATIONS_OF_010, migrate, pendingMigrations, readSql } from '@rollgate/migrations';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { describeSchema } from '../src/schema/describe-schema.js';

let old: TestDatabase;

beforeEach(async () => {
  old = await createTestDatabase({ migrated: false });
  await makeDatabaseOf010(old);
});

afterEach(() => old.drop());

/** A database as `migrate` of 0.1.0 left it, with TypeORM's table, the ten migrations and some data. */
async function makeDatabaseOf010({ pool }: TestDatabase): Promise<void> {
  await pool.query(`CREATE SCHEMA rollgate;
    CREATE TABLE rollgate.migration (id serial CONSTRAINT "PK_3043fc6b8af7c99b8b98830094f" PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)`);
  await pool.query(await readSql('test/0.1.0.sql'));
  for (const [index, name] of MIGRATIONS_OF_010.entries())
    await pool.query('INSERT INTO rollgate.migration (timestamp, name) VALUES ($1, $2)', [index + 1, name]);
  await pool.query(LIFE_OF_010);
}

// A denial, an override that was changed and undone, an approved limit request, a staff member and a token.
const LIFE_OF_010 = `
  SELECT rollgate.register_catalogue('[
    {"api":"publish-bot","title":"Publish bot","group_id":"bots","group_title":"Bots","level":["bot"],"scope":"api","shipped_per_minute":5,"shipped_per_hour":50},
    {"api":"export","title":"Export","group_id":"data","group_title":"Data","level":["account","table"],"scope":"api","shipped_per_minute":2,"shipped_per_hour":9}
  ]', ROW('app:shop', NULL, NULL, NULL)::rollgate.author);
  SELECT rollgate.acquire(ARRAY[7, 7], ARRAY['acme/publish-bot/bot=b', 'acme/publish-bot/bot=c'], ARRAY[1, 2], ARRAY[3, 9], ARRAY[5, 5], ARRAY[50, 50], m)
  FROM generate_series(clock_timestamp() - interval '65 minutes', clock_timestamp(), interval '13 minutes') m;
  SELECT rollgate.refund(7, 'acme/publish-bot/bot=b', max(minute) * 60 + max(secs[cardinality(secs)]), 1)
  FROM rollgate.counter WHERE subject = 'acme/publish-bot/bot=b';
  SELECT rollgate.write_events('[{"id":"e0-0","kind":"denied","account":"acme","api":"publish-bot","group_id":"bots","level":["bot"],
    "subject":"acme/publish-bot/bot=c","lane":7,"dimensions":{"bot":"c"},"window_name":"minute","per_minute":5,"per_hour":50,"used":4,"cost":2,
    "source":"default","policy_version":1,"mode":"enforced","first_ms":1767225600000,"last_ms":1767225600000,"count":7,"units":14,
    "node":"host:1","merged":"second"}]');
  SELECT rollgate.create_override('{"account":"acme","api":"publish-bot","per_minute":20,"reason":"launch"}', ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author);
  SELECT rollgate.change_override('ovr_1', 1, '{"per_minute":30}', 'more', ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author);
  SELECT rollgate.undo(max(id), 'too much', ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author) FROM rollgate.history WHERE kind = 'override';
  SELECT rollgate.ask_limit('{"account":"acme","api":"export","per_hour":90,"reason":"year end"}', ROW('account:acme', 'customer', NULL, NULL)::rollgate.author);
  SELECT rollgate.decide_request('req_1', 1, true, NULL, 'until spring', ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author);
  INSERT INTO rollgate.staff (login, display_name, role, password_hash) VALUES ('ann', 'Ann', 'admin', 'x');
  SELECT rollgate.report_use('[{"id":"ovr_1","at_ms":1,"peak_minute":3,"peak_hour":9,"needed":false}]');
  SELECT rollgate.sync_node('q83hTz1c', 'host', 1, 'normal', NULL);
`;

// Names in 0.1.0 of objects that have been renamed since.
const RENAMED_TABLES: Record<string, string> = { node: 'instance' };
const RENAMED_COLUMNS: Record<string, Record<string, string>> = { limit_event: { node: 'instance' } };

describe('a database of 0.1.0', () => {
  test('gets the same schema as a new one, and a second run finds nothing to do', async () => {
    const fresh = await createTestDatabase();
    try {
      expect(await pendingMigrations({ databaseUrl: old.url })).toEqual(['001-baseline']);
      expect(await migrate({ databaseUrl: old.url })).toEqual(['001-baseline']);
      expect(await schemaOf(old.url)).toEqual(await schemaOf(fresh.url));
      expect(await migrate({ databaseUrl: old.url })).toEqual([]);
    } finally {
      await fresh.drop();
    }
  });

  test('keeps every row, and its history is still complete', async () => {
    const before = await rowsOf(old);
    expect(Object.values(before).filter((rows) => rows.length > 0).length).toBeGreaterThan(10);
    await migrate({ databaseUrl: old.url });
    const after = await rowsOf(old);
    for (const [table, rows] of Object.entries(before)) {
      const expected = rows.map((row) => withNewNames(table, row));
      expect({ table, rows: after[RENAMED_TABLES[table] ?? table] }).toMatchObject({ table, rows: expected });
    }
    const { rows } = await old.pool.query('SELECT ok, rows_checked::int FROM rollgate_audit.verify_history()');
    expect(rows).toEqual([{ ok: true, rows_checked: before['history']?.length }]);
  });

  test('keeps its APIs in use, without a known application, until one registers them', async () => {
    await migrate({ databaseUrl: old.url });
    const { rows } = await old.pool.query('SELECT owners, retired_at, message FROM rollgate_audit.catalogue_v1');
    expect(rows).toEqual(Array(2).fill({ owners: ['(before 0.2.0)'], retired_at: null, message: DENIED_MESSAGE }));
  });

  test('decides with the units that it had', async () => {
    await migrate({ databaseUrl: old.url });
    const { rows } = await old.pool.query(
      `SELECT hour_used FROM rollgate_audit.usage_now_v1 WHERE subject = 'acme/publish-bot/bot=c'`,
    );
    expect(Number(rows[0]?.hour_used)).toBeGreaterThan(4);
  });

  test("keeps a schema audit that holds another application's table", async () => {
    await old.pool.query('CREATE TABLE audit.theirs (id int)');
    await migrate({ databaseUrl: old.url });
    await old.pool.query('SELECT FROM audit.theirs');
    const { rows } = await old.pool.query(`SELECT relname FROM pg_class WHERE relnamespace = 'audit'::regnamespace`);
    expect(rows).toEqual([{ relname: 'theirs' }]);
  });

  test('that lacks some of the ten migrations is refused', async () => {
    await old.pool.query(`DELETE FROM rollgate.migration WHERE name LIKE '010%'`);
    await expect(migrate({ databaseUrl: old.url })).rejects.toThrow('made by a version before 0.1.0');
  });
});

async function schemaOf(databaseUrl: string): Promise<string[]> {
  const client = await connect({ databaseUrl });
  try {
    return [...(await describeSchema(client)).values()].join('').split('\n');
  } finally {
    await client.end();
  }
}

function withNewNames(table: string, row: object): object {
  const renamed = RENAMED_COLUMNS[table] ?? {};
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [renamed[column] ?? column, value]));
}

/** All rows of every table of Rollgate as JSON in a stable order, by table. */
async function rowsOf({ pool }: TestDatabase): Promise<Record<string, object[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'rollgate'::regnamespace AND (relkind IN ('r', 'p') OR relname = 'limit_event') AND NOT relispartition
       AND relname <> 'migration' ORDER BY 1`,
  );
  const all: Record<string, object[]> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: object }>(
      `SELECT to_jsonb(t) AS row FROM rollgate.${name} t ORDER BY to_jsonb(t)::text`,
    );
    all[name] = rows.map(({ row }) => row);
  }
  return all;
}
