/** Migrating as a user who is not a superuser, as on a managed server, on each installed version. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MIGRATIONS_OF_010, migrate, pendingMigrations, readSql } from '@rollgate/migrations';
import { type OwnServer, queryAs, SERVER_VERSIONS, startOwnServer } from './own-server.js';

describe.each(SERVER_VERSIONS)('on Postgres %i', (major) => {
  let server: OwnServer;

  beforeAll(async () => {
    server = await startOwnServer(major);
  }, 120_000);
  afterAll(() => server?.stop());

  /** A server without Rollgate's roles, and a database `app` of the user `app`. */
  async function fresh(user: string): Promise<string> {
    await server.query('DROP DATABASE IF EXISTS app WITH (FORCE)');
    const roles = await server.query(
      `SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^rollgate_' OR rolname IN ('app', 'dba')`,
    );
    for (const { name } of roles) await server.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    await server.query(`CREATE ROLE app LOGIN PASSWORD 'app' ${user}`);
    await server.query('CREATE DATABASE app OWNER app');
    return server.urlOf('app', 'app');
  }

  const refusal = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'not refused',
      (error: Error) => error.message,
    );

  const isEmpty = async () => {
    const [found] = await server.query(
      `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname ~ '^rollgate_') AS roles, (SELECT count(*)::int FROM pg_namespace WHERE nspname ~ '^rollgate') AS schemas`,
      'app',
    );
    return found;
  };

  test('an owner with CREATEROLE migrates, and everything works with the rights of the groups', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    expect(await migrate({ databaseUrl })).toEqual(['001-baseline']);
    expect(await migrate({ databaseUrl })).toEqual([]);
    expect(await pendingMigrations({ databaseUrl })).toEqual([]);
    const [row] = await server.query(
      `SET SESSION AUTHORIZATION rollgate_runtime;
       SELECT count(*)::int AS decided FROM rollgate.acquire(ARRAY[1], ARRAY['a/b/c=d'], ARRAY[1], ARRAY[1], ARRAY[60], ARRAY[1800]) r`,
      'app',
    );
    expect(row).toEqual({ decided: 1 });
    const roles = await server.query(
      `SELECT rolname AS name, rolcanlogin AS login FROM pg_roles WHERE rolname ~ '^rollgate_' ORDER BY 1`,
    );
    expect(roles).toEqual(
      ['rollgate_admin_api', 'rollgate_auditor', 'rollgate_maintenance', 'rollgate_owner', 'rollgate_runtime'].map(
        (name) => ({ name, login: false }),
      ),
    );
  });

  test('a second database of the same user, and grants repeated after they were lost', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    await migrate({ databaseUrl });
    await server.query('DROP DATABASE IF EXISTS second WITH (FORCE)');
    await server.query('CREATE DATABASE second OWNER app');
    expect(await migrate({ databaseUrl: server.urlOf('app', 'second') })).toEqual(['001-baseline']);
    await server.query('DROP DATABASE second WITH (FORCE)');
    await server.query(
      'REVOKE rollgate_maintenance FROM rollgate_admin_api; REVOKE SELECT ON rollgate.history FROM rollgate_admin_api',
      'app',
    );
    await migrate({ databaseUrl, repairAccess: true });
    const [row] = await server.query(
      `SELECT pg_has_role('rollgate_admin_api', 'rollgate_maintenance', 'USAGE') AS member, has_table_privilege('rollgate_admin_api', 'rollgate.history', 'SELECT') AS reads`,
      'app',
    );
    expect(row).toEqual({ member: true, reads: true });
  });

  test('two databases that are migrated at once on a server without the roles both succeed', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    await server.query('DROP DATABASE IF EXISTS second WITH (FORCE)');
    await server.query('CREATE DATABASE second OWNER app');
    const both = [databaseUrl, server.urlOf('app', 'second')].map((url) => migrate({ databaseUrl: url }));
    expect(await Promise.all(both)).toEqual([['001-baseline'], ['001-baseline']]);
    await server.query('DROP DATABASE second WITH (FORCE)');
  });

  test('a database of 0.1.0 that another user created is upgraded after the printed statements were run', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    await server.query(
      `CREATE SCHEMA rollgate;
       CREATE TABLE rollgate.migration (id serial CONSTRAINT "PK_3043fc6b8af7c99b8b98830094f" PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL);
       ${await readSql('test/0.1.0.sql')}
       INSERT INTO rollgate.migration (timestamp, name) SELECT place, name FROM unnest(ARRAY[${MIGRATIONS_OF_010.map((name) => `'${name}'`).join()}]) WITH ORDINALITY AS m(name, place);
       GRANT USAGE ON SCHEMA rollgate TO app; GRANT SELECT ON rollgate.migration TO app`,
      'app',
    );
    const message = await refusal(migrate({ databaseUrl }));
    const statements = message.split('\n').filter((line) => line.startsWith('  '));
    expect(statements).toEqual(expect.arrayContaining(['  ALTER TABLE rollgate.migration OWNER TO rollgate_owner;']));
    await server.query(statements.join('\n'), 'app');
    expect(await migrate({ databaseUrl })).toEqual(['001-baseline']);
  });

  test('an owner without CREATEROLE gets the statements to run before anything is changed; after them it migrates', async () => {
    const databaseUrl = await fresh('NOCREATEROLE');
    const message = await refusal(migrate({ databaseUrl }));
    expect(message).toMatch(/^app cannot migrate the database app yet\. Nothing was changed\./);
    expect(message).toContain('rollgate migrate --roles none');
    expect(await isEmpty()).toEqual({ roles: 0, schemas: 0 });
    const statements = message.split('\n').filter((line) => line.startsWith('  '));
    expect(statements).toHaveLength(8);
    await server.query(statements.join('\n'), 'app');
    expect(await migrate({ databaseUrl })).toEqual(['001-baseline']);
  });

  test('a user who does not own the database gets a message about the missing rights, also if another user created the roles', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    await migrate({ databaseUrl });
    await server.query(`DROP DATABASE IF EXISTS theirs WITH (FORCE)`);
    await server.query('CREATE DATABASE theirs');
    await server.query(`CREATE ROLE dba LOGIN PASSWORD 'dba'`);
    const theirs = server.urlOf('dba', 'theirs');
    const options = major >= 16 ? ' WITH SET TRUE, INHERIT TRUE' : '';
    expect((await refusal(migrate({ databaseUrl: theirs }))).split('\n').slice(1)).toEqual([
      `  GRANT rollgate_owner TO dba${options};`,
      '  GRANT CREATE ON DATABASE theirs TO dba;',
      expect.stringContaining('--roles none'),
    ]);
    await server.query(`GRANT rollgate_owner TO dba${options}; GRANT CREATE ON DATABASE theirs TO dba`);
    expect(await migrate({ databaseUrl: theirs })).toEqual(['001-baseline']);
    await server.query('DROP DATABASE theirs WITH (FORCE)');
  });

  test('--roles none creates no role, is remembered, and cannot be changed afterward', async () => {
    const databaseUrl = await fresh('NOCREATEROLE');
    expect(await migrate({ databaseUrl, roles: 'none' })).toEqual(['001-baseline']);
    expect(await isEmpty()).toEqual({ roles: 0, schemas: 2 });
    expect(await migrate({ databaseUrl })).toEqual([]);
    await migrate({ databaseUrl, repairAccess: true });
    expect(await refusal(migrate({ databaseUrl, roles: 'own' }))).toContain('migrated with --roles none');
    const [row] = await queryAs(
      databaseUrl,
      `SELECT count(*)::int AS decided FROM rollgate.acquire(ARRAY[1], ARRAY['a/b/c=d'], ARRAY[1], ARRAY[1], ARRAY[60], ARRAY[1800]) r`,
    );
    expect(row).toEqual({ decided: 1 });
    const open = await server.query(
      `SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname ~ '^rollgate' AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)`,
      'app',
    );
    expect(open).toEqual([]);
  });

  test('with nothing pending, a login without rights to change anything locks and changes nothing', async () => {
    const databaseUrl = await fresh('CREATEROLE');
    await migrate({ databaseUrl });
    await server.query(`CREATE ROLE dba LOGIN PASSWORD 'dba' IN ROLE rollgate_runtime`);
    const holder = server.query(`BEGIN; SELECT pg_advisory_xact_lock(7655283001), pg_sleep(3); COMMIT`, 'app');
    expect(await migrate({ databaseUrl: server.urlOf('dba', 'app'), lockTimeoutMs: 500 })).toEqual([]);
    await holder;
  });
});
