/** Grants on Rollgate's objects, by name. Objects of other applications in the same schemas are not changed. */
import type pg from 'pg';
import { readFunctionFiles } from './function-files.js';
import { GROUPS, type RoleMode } from './groups.js';
import { runSql } from './run-sql.js';

const AUDIT = 'rollgate_audit.';

/** Runs at the end of every migration, in its transaction, as the owner of all objects. It may be repeated. */
export async function grantAccess(client: pg.Client, mode: RoleMode): Promise<void> {
  const files = await readFunctionFiles();
  await client.query('SELECT set_config($1, $2, true)', [
    'rollgate.names',
    JSON.stringify(files.map(({ name }) => name)),
  ]);
  await client.query(CLOSE_FUNCTIONS);
  if (mode === 'none') return;
  await runSql(client, 'access.sql');
  const audited = files.filter(({ name }) => name.startsWith(AUDIT));
  const views = audited.filter(({ kind }) => kind === 'view').map(({ name }) => name);
  const functions = audited.filter(({ kind }) => kind === 'function').map(({ name }) => name);
  await client.query(
    `GRANT SELECT ON ${views.join(', ')} TO ${GROUPS.auditor};
     GRANT EXECUTE ON FUNCTION ${functions.join(', ')} TO ${GROUPS.auditor};`,
  );
}

// PUBLIC may execute a new function until that is revoked.
const CLOSE_FUNCTIONS = `DO $$
DECLARE
  v_function text;
BEGIN
  FOR v_function IN
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname || '.' || p.proname IN (SELECT jsonb_array_elements_text(current_setting('rollgate.names')::jsonb))
      AND pg_get_userbyid(p.proowner) = current_user
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
  END LOOP;
END $$`;
