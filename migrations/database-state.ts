/** Reads everything that a migration depends on from the system catalogs. Changes nothing and needs no rights. */
import type pg from 'pg';
import { MIGRATIONS_OF_010 } from './from-0.1.0.js';
import { MEMBERSHIP_OPTIONS_SINCE, MEMBERSHIPS, OWNER, ROLES, type RoleMode } from './groups.js';

interface ServerState {
  readonly version: number;
  readonly user: string;
  readonly database: string;
  readonly superuser: boolean;
  readonly createsRoles: boolean;
  readonly createsSchemas: boolean;
  readonly standby: boolean;
}

export interface SchemaState {
  readonly name: string;
  readonly owner: string;
  /** Whether the user has the rights of its owner. */
  readonly owned: boolean;
  /** The first objects in it, except the table of migrations, e.g. `table rollgate.x of app`. */
  readonly objects: readonly string[];
}

interface RoleState {
  readonly name: string;
  readonly exists: boolean;
  /** Whether the user may grant it to others. */
  readonly grantable: boolean;
}

export interface DatabaseState {
  readonly server: ServerState;
  /** The schemas `rollgate` and `rollgate_audit`, if they exist. */
  readonly schemas: readonly SchemaState[];
  /** The table rollgate.migration; `undefined` if it is missing. */
  readonly migrationTable: { readonly owner: string; readonly owned: boolean; readonly readable: boolean } | undefined;
  /** Full names in rollgate.migration, oldest first. */
  readonly applied: readonly string[];
  /** How the database was migrated; `undefined` if it was not. */
  readonly mode: RoleMode | undefined;
  readonly roles: readonly RoleState[];
  /** Whether the user has the rights of rollgate_owner, and may use SET ROLE to become it. */
  readonly owner: { readonly inherits: boolean; readonly becomes: boolean };
  /** Missing memberships between the roles, also those of missing roles. */
  readonly missingMemberships: ReadonlyArray<{ readonly member: string; readonly of: string }>;
  /** Objects that 0.1.0 left with the user who migrated, if the current user lacks that user's rights. */
  readonly foreignRemains: readonly string[];
}

export async function readDatabaseState(client: pg.Client): Promise<DatabaseState> {
  const server = await readServer(client);
  const migrationTable = await readMigrationTable(client);
  const applied = migrationTable?.readable === true ? await readNames(client) : [];
  const memberships = await readMemberships(client, server.version);
  return {
    server,
    schemas: await readSchemas(client),
    migrationTable,
    applied,
    mode: await readMode(client, applied),
    ...memberships,
    roles: await readRoles(client, server),
    foreignRemains: isOf010(applied) || applied.length === 0 ? await readForeignRemains(client) : [],
  };
}

/** Whether 0.1.0 created the schema, completely or in part. */
export function isOf010(applied: readonly string[]): boolean {
  return applied.some((name) => (MIGRATIONS_OF_010 as readonly string[]).includes(name));
}

async function readServer(client: pg.Client): Promise<ServerState> {
  const { rows } = await client.query<{ [Column in keyof ServerState]: ServerState[Column] }>(
    `SELECT current_setting('server_version_num')::int AS version, current_user::text AS user, current_database()::text AS database,
            r.rolsuper AS superuser, r.rolsuper OR r.rolcreaterole AS "createsRoles",
            has_database_privilege(current_database(), 'CREATE') AS "createsSchemas", pg_is_in_recovery() AS standby
     FROM pg_roles r WHERE r.rolname = current_user`,
  );
  return rows[0] as ServerState;
}

// Read pg_class, because to_regclass fails for a schema that the user may not use.
async function readMigrationTable(client: pg.Client): Promise<DatabaseState['migrationTable']> {
  const { rows } = await client.query<{ owner: string; owned: boolean; readable: boolean }>(
    `SELECT pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS owned,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'rollgate' AND c.relname = 'migration' AND c.relkind = 'r'
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'name' AND NOT a.attisdropped)`,
  );
  return rows[0];
}

async function readNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name::text FROM rollgate.migration ORDER BY id');
  return rows.map(({ name }) => name);
}

async function readMode(client: pg.Client, applied: readonly string[]): Promise<RoleMode | undefined> {
  if (isOf010(applied)) return 'own';
  const { rows } = await client.query<{ readable: boolean }>(
    `SELECT has_table_privilege(c.oid, 'SELECT') AS readable FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'rollgate' AND c.relname = 'installation' AND has_schema_privilege(n.oid, 'USAGE')`,
  );
  if (applied.length === 0 || rows[0]?.readable !== true) return undefined;
  const found = await client.query<{ roles: RoleMode }>('SELECT roles FROM rollgate.installation');
  return found.rows[0]?.roles;
}

async function readSchemas(client: pg.Client): Promise<SchemaState[]> {
  const { rows } = await client.query<{ [Column in keyof SchemaState]: string & boolean & string[] }>(
    `SELECT n.nspname::text AS name, pg_get_userbyid(n.nspowner)::text AS owner, pg_has_role(n.nspowner, 'USAGE') AS owned,
            ARRAY(
              SELECT o.kind || ' ' || quote_ident(n.nspname) || '.' || quote_ident(o.name) || ' of ' || pg_get_userbyid(o.owner)
              FROM (
                SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                                      WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind, c.relname AS name, c.relowner AS owner
                FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                  AND NOT (n.nspname = 'rollgate' AND c.relname IN ('migration', 'migration_id_seq'))
                UNION ALL
                SELECT 'function', p.proname, p.proowner FROM pg_proc p WHERE p.pronamespace = n.oid
                UNION ALL
                SELECT 'type', t.typname, t.typowner FROM pg_type t
                LEFT JOIN pg_class c ON c.oid = t.typrelid
                WHERE t.typnamespace = n.oid AND t.typelem = 0 AND (t.typrelid = 0 OR c.relkind = 'c')
              ) o ORDER BY o.kind, o.name LIMIT 5) AS objects
     FROM pg_namespace n WHERE n.nspname IN ('rollgate', 'rollgate_audit') ORDER BY 1`,
  );
  return rows;
}

async function readRoles(client: pg.Client, { superuser, createsRoles, version }: ServerState): Promise<RoleState[]> {
  const { rows } = await client.query<{ name: string; exists: boolean; admin: boolean }>(
    `SELECT w.name, r.oid IS NOT NULL AS exists, coalesce(pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'), false) AS admin
     FROM unnest($1::text[]) WITH ORDINALITY AS w(name, place) LEFT JOIN pg_roles r ON r.rolname = w.name ORDER BY w.place`,
    [ROLES],
  );
  // Before 16, CREATEROLE was enough to grant any role.
  const grantsAll = superuser || (createsRoles && version < MEMBERSHIP_OPTIONS_SINCE);
  return rows.map(({ name, exists, admin }) => ({
    name,
    exists,
    grantable: exists ? grantsAll || admin : createsRoles,
  }));
}

async function readMemberships(
  client: pg.Client,
  version: number,
): Promise<Pick<DatabaseState, 'owner' | 'missingMemberships'>> {
  const set = version >= MEMBERSHIP_OPTIONS_SINCE ? 'SET' : 'MEMBER';
  const owner = await client.query<{ inherits: boolean; becomes: boolean }>(
    `SELECT pg_has_role(oid, 'USAGE') AS inherits, pg_has_role(oid, '${set}') AS becomes FROM pg_roles WHERE rolname = $1`,
    [OWNER],
  );
  const { rows } = await client.query<{ member: string; of: string }>(
    `SELECT w.member, w.of FROM unnest($1::text[], $2::text[]) AS w(member, of)
     LEFT JOIN pg_roles m ON m.rolname = w.member LEFT JOIN pg_roles g ON g.rolname = w.of
     WHERE m.oid IS NULL OR g.oid IS NULL OR NOT pg_has_role(m.oid, g.oid, 'USAGE')`,
    [MEMBERSHIPS.map(({ member }) => member), MEMBERSHIPS.map(({ of }) => of)],
  );
  return { owner: owner.rows[0] ?? { inherits: false, becomes: false }, missingMemberships: rows };
}

async function readForeignRemains(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ found: string }>(
    `SELECT o.kind || ' of ' || pg_get_userbyid(o.owner) AS found
     FROM (SELECT 'table rollgate.migration' AS kind, c.relowner AS owner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'rollgate' AND c.relname = 'migration'
           UNION ALL
           SELECT 'type rollgate.author', t.typowner FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
           WHERE n.nspname = 'rollgate' AND t.typname = 'author') o
     WHERE NOT pg_has_role(o.owner, 'USAGE') AND pg_get_userbyid(o.owner) <> $1`,
    [OWNER],
  );
  return rows.map(({ found }) => found);
}
