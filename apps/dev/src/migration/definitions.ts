import { connect } from '@rollgate/migrations';
import { startTestServer } from '@rollgate/testing';
import type pg from 'pg';

/** Definition and comments of every function and view by its name with schema, e.g. `rollgate.acquire`. */
export type Definitions = ReadonlyMap<string, string>;

/** The definitions that the migrations create, and those after `script` ran on top of them. */
export async function readDefinitions(script: string): Promise<{ before: Definitions; after: Definitions }> {
  const server = await startTestServer();
  try {
    const client = await connect({ databaseUrl: server.templateUrl });
    try {
      const before = await definitions(client);
      await client.query('BEGIN');
      await client.query(script);
      const after = await definitions(client);
      return { before, after };
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
  }
}

const SCHEMAS = ['rollgate', 'rollgate_audit'];

// Overloads of one name are one entry. Comments are included, also those of a view's columns.
async function definitions(client: pg.Client): Promise<Definitions> {
  const { rows } = await client.query<{ name: string; text: string }>(
    `SELECT n.nspname || '.' || p.proname AS name,
            string_agg(pg_get_functiondef(p.oid) || coalesce(obj_description(p.oid, 'pg_proc'), ''), '' ORDER BY p.oid::regprocedure::text) AS text
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = ANY ($1) AND p.prokind IN ('f', 'p') GROUP BY 1
     UNION ALL
     SELECT n.nspname || '.' || c.relname,
            pg_get_viewdef(c.oid) || coalesce((SELECT string_agg(d.objsubid || d.description, E'\\n' ORDER BY d.objsubid)
                                               FROM pg_description d WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass), '')
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind = 'v'`,
    [SCHEMAS],
  );
  return new Map(rows.map(({ name, text }) => [name, text]));
}
