/** `\d`: lists the views and functions that can be read. */
import type { AuditorSession, Rows } from './auditor-session.js';

const VIEWS = `
  SELECT c.relname AS name, 'view' AS kind, obj_description(c.oid, 'pg_class') AS about
  FROM pg_catalog.pg_class c WHERE c.relnamespace = 'rollgate_audit'::regnamespace AND c.relkind = 'v'
  UNION ALL
  SELECT p.proname || '(' || coalesce((SELECT string_agg(a.name, ', ' ORDER BY a.n) FROM unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY a (name, n)), '') || ')',
         'function', obj_description(p.oid, 'pg_proc')
  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'rollgate_audit'::regnamespace
  ORDER BY 2 DESC, 1`;

const COLUMNS = `
  SELECT a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type, col_description(a.attrelid, a.attnum) AS about
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`;

/**
 * `name`: of a view, with or without `rollgate_audit.`; empty: all views and functions. undefined: there is no such view.
 */
export async function describe(session: AuditorSession, name: string): Promise<Rows | undefined> {
  if (name === '') return await session.run(VIEWS);
  const quoted = `rollgate_audit."${name.replace(/^rollgate_audit\./, '').replaceAll('"', '')}"`;
  const found = await session.run(COLUMNS, [quoted]);
  return found.rows.length === 0 ? undefined : found;
}
