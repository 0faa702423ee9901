/** Logins of programs and people. Each has the rights of one group, and belongs to one database. */
import type pg from 'pg';
import { type DatabaseState, readDatabaseState } from './database-state.js';
import { GROUPS, MEMBERSHIP_OPTIONS_SINCE, type Purpose, ROLES } from './groups.js';
import { checkPassword, newPassword, scramVerifier } from './login-password.js';
import { type LoginState, readLogins } from './login-state.js';
import { PreflightError, quoted } from './preflight.js';

/** Settings of an auditor's sessions. A session can change them for itself, and a login for its future sessions. */
export const AUDITOR_SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'on',
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '15s',
  TimeZone: 'UTC',
  search_path: 'rollgate_audit',
};

const AUDITOR_CONNECTIONS = 10;

export interface NewLogin {
  readonly name: string;
  readonly purpose: Purpose;
  /** 12 to 128 printable ASCII characters. Default: a generated password. */
  readonly password?: string | undefined;
  /** Most sessions at a time. Default: 10 for an auditor, otherwise unlimited. */
  readonly connectionLimit?: number | undefined;
}

/**
 * Creates a login with the rights of one group, which may connect to this database.
 * @returns its password
 * @throws PreflightError when the user may not create it; nothing was changed
 */
export async function addLogin(client: pg.Client, { name, purpose, ...options }: NewLogin): Promise<string> {
  checkName(name);
  const password = options.password ?? newPassword();
  checkPassword(password);
  const { server } = await checkMayAdd(client, name, purpose);
  const limit = options.connectionLimit ?? (purpose === 'auditor' ? AUDITOR_CONNECTIONS : -1);
  const [login, database, group] = [quoted(name), quoted(server.database), GROUPS[purpose]];
  // The login gets the rights, but may not become the group: objects that it creates belong to the login.
  const options16 = server.version >= MEMBERSHIP_OPTIONS_SINCE ? ' WITH INHERIT TRUE, SET FALSE' : '';
  const settings = purpose === 'auditor' ? Object.entries(AUDITOR_SETTINGS) : [];
  await inTransaction(client, [
    `CREATE ROLE ${login} LOGIN PASSWORD '${scramVerifier(password)}' CONNECTION LIMIT ${Math.trunc(limit)}`,
    `GRANT ${group} TO ${login}${options16}`,
    `GRANT CONNECT ON DATABASE ${database} TO ${login}`,
    ...settings.map(([setting, value]) => `ALTER ROLE ${login} IN DATABASE ${database} SET ${setting} = '${value}'`),
  ]);
  return password;
}

/**
 * Creates a login, or sets the password of an existing one.
 * @throws Error when it exists with another purpose or belongs to another database
 */
export async function ensureLogin(client: pg.Client, login: NewLogin & { readonly password: string }): Promise<void> {
  const found = (await readLogins(client)).find(({ name }) => name === login.name);
  if (found === undefined) return void (await addLogin(client, login));
  if (!found.belongsHere || found.as.join() !== login.purpose)
    throw new Error(
      `${login.name} is there already, as ${found.as.join(', ')}${found.belongsHere ? '' : ' of another database'}: choose another name`,
    );
  await setLoginPassword(client, login.name, login.password);
}

/** @returns the new password @throws Error when there is no such login of this database */
export async function setLoginPassword(client: pg.Client, name: string, password = newPassword()): Promise<string> {
  checkPassword(password);
  await findLogin(client, name);
  await client.query(`ALTER ROLE ${quoted(name)} PASSWORD '${scramVerifier(password)}'`);
  return password;
}

/**
 * Removes a login of this database and ends its sessions.
 * @returns how many of its sessions could not be ended
 * @throws Error when there is no such login, or when it owns something or has rights of other applications
 */
export async function removeLogin(client: pg.Client, name: string): Promise<number> {
  const { as } = await findLogin(client, name);
  if (as.includes('owner'))
    throw new Error(`${name} migrates, and is not a login that "rollgate login" made: remove it by hand`);
  const { server } = await readDatabaseState(client);
  const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1', [name]);
  const groups = as.flatMap((purpose) => (purpose === 'owner' ? [] : [GROUPS[purpose]]));
  try {
    await inTransaction(client, [
      `REVOKE CONNECT ON DATABASE ${quoted(server.database)} FROM ${quoted(name)}`,
      `REVOKE ${groups.join(', ')} FROM ${quoted(name)}`,
      `DROP ROLE ${quoted(name)}`,
    ]);
  } catch (error) {
    const { code, detail = '' } = error as { code?: string; detail?: string };
    if (code !== '2BP01') throw error;
    throw new Error(
      `${name} cannot be removed, it is used elsewhere too: ${detail.split('\n').join('; ')}. Nothing was changed. ` +
        `Hand on what it owns (REASSIGN OWNED BY), or close it with ALTER ROLE ${quoted(name)} NOLOGIN`,
    );
  }
  let left = 0;
  for (const { pid } of rows)
    await client.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => {
      left++;
    });
  return left;
}

async function findLogin(client: pg.Client, name: string): Promise<LoginState> {
  const found = (await readLogins(client)).find((login) => login.name === name);
  if (found === undefined || !found.belongsHere)
    throw new Error(`${name} is not a login of this database: "rollgate login list" shows them`);
  return found;
}

function checkName(name: string): void {
  if (!/^[a-z_][a-z0-9_-]{0,62}$/.test(name))
    throw new Error('A login has 1 to 63 characters: lower-case letters, digits, _ and -, a letter or _ first.');
  if (name.startsWith('pg_') || ROLES.includes(name)) throw new Error(`${name} is taken: choose another name.`);
}

async function checkMayAdd(client: pg.Client, name: string, purpose: Purpose): Promise<DatabaseState> {
  const state = await readDatabaseState(client);
  const { server, mode } = state;
  const group = state.roles.find((role) => role.name === GROUPS[purpose]);
  if (mode === 'none')
    throw new Error(
      'This database was migrated with --roles none: it has no groups that a login could get rights from',
    );
  if (group?.exists !== true || state.migrationTable === undefined)
    throw new Error('This database has no Rollgate, or its roles are missing: run "rollgate migrate" first');
  const { rows } = await client.query<{ taken: boolean; grants: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS taken,
            pg_has_role(d.datdba, 'USAGE') OR has_database_privilege(d.oid, 'CONNECT WITH GRANT OPTION') AS grants
     FROM pg_database d WHERE d.datname = current_database()`,
    [name],
  );
  if (rows[0]?.taken === true)
    throw new Error(
      `There is a role ${name} already: choose another name, or give it a new password with "rollgate login password"`,
    );
  const user = quoted(server.user);
  const missing = [
    ...(server.createsRoles ? [] : [`ALTER ROLE ${user} CREATEROLE;`]),
    ...(group.grantable ? [] : [`GRANT ${group.name} TO ${user} WITH ADMIN OPTION;`]),
    ...(rows[0]?.grants === true
      ? []
      : [`GRANT CONNECT ON DATABASE ${quoted(server.database)} TO ${user} WITH GRANT OPTION;`]),
  ];
  if (missing.length === 0) return state;
  throw new PreflightError([
    `${server.user} cannot make logins yet. Nothing was changed. A superuser, or the owner of what is named, runs:`,
    ...missing.map((sql) => `  ${sql}`),
  ]);
}

async function inTransaction(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
