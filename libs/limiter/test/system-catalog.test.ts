/** Database privileges, as the system catalog lists them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('privileges in the system catalog', () => {
  const OURS = `IN ('rollgate'::regnamespace, 'rollgate_audit'::regnamespace)`;
  const names = async (sql: string) => (await database.pool.query<{ name: string }>(sql)).rows.map(({ name }) => name);

  test('every SECURITY DEFINER function sets its search_path', async () => {
    const definers = await names(
      `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace ${OURS} AND prosecdef`,
    );
    expect(definers.length).toBeGreaterThan(30);
    expect(
      await names(
        `SELECT oid::regprocedure::text AS name FROM pg_proc
         WHERE pronamespace ${OURS} AND prosecdef AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)`,
      ),
    ).toEqual([]);
  });

  test('PUBLIC may call nothing, read nothing and use neither schema', async () => {
    expect(
      await names(
        `SELECT p.oid::regprocedure::text AS name FROM pg_proc p
         WHERE p.pronamespace ${OURS} AND EXISTS (
           SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
         UNION ALL
         SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace ${OURS} AND a.grantee = 0
         UNION ALL
         SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.oid ${OURS} AND a.grantee = 0`,
      ),
    ).toEqual([]);
  });

  test('tables, views and functions belong to the owner role, and neither it nor the group roles can sign in', async () => {
    expect(
      await names(
        `SELECT c.oid::regclass::text AS name FROM pg_class c
         WHERE c.relnamespace ${OURS} AND c.relkind IN ('r', 'p', 'v', 'S') AND c.relowner <> 'rollgate_owner'::regrole
         UNION ALL
         SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace ${OURS} AND proowner <> 'rollgate_owner'::regrole
         UNION ALL
         SELECT rolname || ' signs in' FROM pg_roles
         WHERE rolname IN ('rollgate_owner', 'rollgate_runtime', 'rollgate_maintenance', 'rollgate_admin_api', 'rollgate_auditor') AND (rolcanlogin OR rolsuper)`,
      ),
    ).toEqual([]);
  });

  test('the auditor has SELECT on the views of rollgate_audit and no other privilege', async () => {
    const rights = await names(
      `SELECT DISTINCT c.relnamespace::regnamespace || ' ' || c.relkind::text || ' ' || a.privilege_type AS name
       FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = 'rollgate_auditor'::regrole`,
    );
    expect(rights).toEqual(['rollgate_audit v SELECT']);
  });

  test('tables are written only by functions, except those of staff', async () => {
    expect(
      await names(
        `SELECT DISTINCT a.grantee::regrole || ' ' || c.relname AS name
         FROM pg_class c, aclexplode(c.relacl) a
         WHERE c.relnamespace ${OURS} AND c.relkind IN ('r', 'p', 'v') AND a.privilege_type <> 'SELECT' AND a.grantee <> c.relowner
         ORDER BY 1`,
      ),
    ).toEqual([
      'rollgate_admin_api service_token',
      'rollgate_admin_api sign_in_attempt',
      'rollgate_admin_api staff',
      'rollgate_admin_api staff_session',
    ]);
  });
});
