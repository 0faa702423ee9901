/** Checks everything that would stop a migration before it changes anything. */
import { type DatabaseState, isOf010, type SchemaState } from './database-state.js';
import { MIGRATIONS_OF_010 } from './from-0.1.0.js';
import { MEMBERSHIP_OPTIONS_SINCE, OWNER, type RoleMode } from './groups.js';

/** The migration cannot run; nothing was changed. */
export class PreflightError extends Error {
  override readonly name = 'PreflightError';
  /** The lines of the message. */
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** The SQL is tested with 15 and 18. Older servers lack features that it uses. */
const OLDEST_SERVER = 150_000;

export interface Wanted {
  /** `undefined`: the mode of earlier migrations, or `own` for a new database. */
  readonly roles: RoleMode | undefined;
  /** Whether the database is the coordinator of a Citus cluster. */
  readonly citus: boolean;
  /** Full names of all migrations of this version. */
  readonly known: readonly string[];
}

/** Returns how to migrate the database. @throws PreflightError */
export function preflight(state: DatabaseState, wanted: Wanted): RoleMode {
  checkServer(state);
  checkOurs(state, wanted.known);
  const mode = chooseMode(state, wanted);
  const missing = mode === 'own' ? missingForOwnRoles(state) : missingWithoutRoles(state);
  if (missing.length === 0) return mode;
  const { user, database } = state.server;
  throw new PreflightError([
    `${user} cannot migrate the database ${database} yet. Nothing was changed. A superuser, or the owner of what is named, runs:`,
    ...missing.map((sql) => `  ${sql}`),
    ...(mode === 'own' && state.mode === undefined && !isOf010(state.applied)
      ? [
          'If no user may create roles, "rollgate migrate --roles none" works without them (docs/operations.md describes what is lost).',
        ]
      : []),
  ]);
}

function checkServer({ server }: DatabaseState): void {
  if (server.version < OLDEST_SERVER) throw new PreflightError(['Rollgate needs Postgres 15 or newer']);
  if (server.standby)
    throw new PreflightError(['This server is a standby, which cannot be changed: point DATABASE_URL to the primary']);
}

function checkOurs({ schemas, migrationTable, applied, server }: DatabaseState, known: readonly string[]): void {
  if (migrationTable?.readable === false)
    throw new PreflightError([
      `${server.user} may not read rollgate.migration, which belongs to ${migrationTable.owner}: connect as the user that migrated before, or as a member of ${OWNER}`,
    ]);
  const of010 = applied.filter((name) => (MIGRATIONS_OF_010 as readonly string[]).includes(name));
  if (of010.length > 0 && of010.length < MIGRATIONS_OF_010.length)
    throw new PreflightError([
      'The database was made by a version before 0.1.0, or 0.1.0 stopped half-way: migrate it with Rollgate 0.1.0 first.',
      'Where it has never held anything of value: DROP SCHEMA rollgate CASCADE, and migrate again.',
    ]);
  const hasBaseline = applied.some((name) => known.includes(name));
  for (const schema of schemas) {
    const needed = schema.name === 'rollgate' ? hasBaseline || of010.length > 0 : hasBaseline;
    if (!needed && (schema.objects.length > 0 || (schema.name === 'rollgate' && applied.length > 0))) refuse(schema);
  }
}

function refuse({ name, owner, objects }: SchemaState): never {
  const found = objects.length === 0 ? 'a table migration that Rollgate did not make' : objects.join(', ');
  throw new PreflightError([
    `The schema ${name} of this database is not Rollgate's: it belongs to ${owner} and holds ${found}. Nothing was changed.`,
    `Rename it (ALTER SCHEMA ${name} RENAME TO …), drop it if it is not needed, or give Rollgate another database. An empty schema is taken over.`,
  ]);
}

function chooseMode({ mode, applied }: DatabaseState, { roles: wanted, citus }: Wanted): RoleMode {
  if (citus && (mode ?? wanted ?? 'none') === 'own') throw new PreflightError(NO_ROLES_ON_CITUS);
  if (mode !== undefined && wanted !== undefined && mode !== wanted)
    throw new PreflightError([
      `The database was migrated with --roles ${mode}, and --roles ${wanted} was given. The mode cannot be changed afterwards: leave the option out.`,
    ]);
  if (mode === undefined && applied.length > 0)
    throw new PreflightError([
      'rollgate.installation is missing or cannot be read: restore it from a backup, or connect as its owner',
    ]);
  return mode ?? wanted ?? (citus ? 'none' : 'own');
}

function missingForOwnRoles(state: DatabaseState): string[] {
  const { server, roles, owner, missingMemberships } = state;
  const options = server.version >= MEMBERSHIP_OPTIONS_SINCE;
  const grantable = new Set(roles.filter((role) => role.grantable).map(({ name }) => name));
  const missing: string[] = [];
  for (const { name, exists } of roles)
    if (!exists && !server.createsRoles) missing.push(`CREATE ROLE ${name} NOLOGIN;`);
  for (const { member, of } of missingMemberships)
    if (!grantable.has(of)) missing.push(`GRANT ${of} TO ${member}${options ? ' WITH INHERIT TRUE' : ''};`);
  if (!(owner.becomes && owner.inherits) && !grantable.has(OWNER))
    missing.push(`GRANT ${OWNER} TO ${quoted(server.user)}${options ? ' WITH SET TRUE, INHERIT TRUE' : ''};`);
  // Before 16, a user with NOINHERIT gets no rights from a granted role.
  else if (!options && owner.becomes && !owner.inherits) missing.push(`ALTER ROLE ${quoted(server.user)} INHERIT;`);
  return [...missing, ...missingSchemas(state, OWNER), ...remains(state)];
}

function missingWithoutRoles(state: DatabaseState): string[] {
  const { server, migrationTable, applied } = state;
  if (applied.length > 0 && migrationTable?.owned === false)
    throw new PreflightError([
      `The database was migrated with --roles none by ${migrationTable.owner}, who owns all of it: connect as that user`,
    ]);
  return missingSchemas(state, server.user);
}

/** Schemas that the user can neither create nor give to their owner. */
function missingSchemas({ server, schemas }: DatabaseState, owner: string): string[] {
  const missing: string[] = [];
  const theirs = schemas.filter((schema) => schema.owner !== owner && !schema.owned);
  for (const { name } of theirs) missing.push(`ALTER SCHEMA ${name} OWNER TO ${quoted(owner)};`);
  const changes = schemas.length < 2 || schemas.some((schema) => schema.owner !== owner && schema.owned);
  if (changes && !server.createsSchemas)
    missing.push(`GRANT CREATE ON DATABASE ${quoted(server.database)} TO ${quoted(server.user)};`);
  return missing;
}

function remains({ foreignRemains }: DatabaseState): string[] {
  return foreignRemains.map((found) => {
    const [kind, name] = found.split(' ');
    return `ALTER ${kind?.toUpperCase()} ${name} OWNER TO ${OWNER};`;
  });
}

/** The text as an SQL identifier. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const NO_ROLES_ON_CITUS = [
  'On Citus, Rollgate works with --roles none only: the coordinator signs in to the workers as the owner of the functions, which can',
  'not be a role without login. Nothing was changed.',
];
