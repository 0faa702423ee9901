/**
 * The database session that every program works with: one definition for pools, single connections, migrations and tools.
 *
 * A database or a login may have any `ALTER DATABASE … SET` or `ALTER ROLE … SET`: with `DateStyle = German` the driver reads
 * every timestamp as null. What Rollgate depends on is therefore sent when the connection starts, where it takes precedence.
 */

/** Sent at the start of every direct connection. */
export const SESSION_SETTINGS = {
  // The driver reads no other format of timestamps.
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  // The shortest text that reads back as the same number.
  extra_float_digits: '1',
  bytea_output: 'hex',
  // All SQL names its schemas, so nothing that a search path finds can take the place of a table or function.
  search_path: 'pg_catalog',
  // Changes what the SQL of functions and statements means.
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  // Every decision is refused at any other level.
  default_transaction_isolation: 'read committed',
} as const satisfies Readonly<Record<string, string>>;

/**
 * What PgBouncer accepts when a client connects, in every version, and applies to whichever server connection it lends out.
 * Java's driver has always sent the first two, so other poolers cope with them.
 */
const POOLED = ['DateStyle', 'TimeZone', 'standard_conforming_strings'] as const satisfies readonly SessionSetting[];

type SessionSetting = keyof typeof SESSION_SETTINGS;

/** Settings that a result depends on, and which values of them will do. The others change no result of Rollgate's SQL. */
const NEEDED: ReadonlyArray<readonly [SessionSetting, (value: string) => boolean]> = [
  ['DateStyle', (value) => value.startsWith('ISO')],
  ['standard_conforming_strings', (value) => value === 'on'],
  ['array_nulls', (value) => value === 'on'],
  ['default_transaction_isolation', (value) => value === 'read committed'],
];

export interface SessionOptions {
  /** `true`: connections go through a pooler that keeps no session for a client (PgBouncer's transaction mode). */
  readonly pooled?: boolean | undefined;
}

/** What is sent when a connection starts. Through a pooler: the few that poolers accept. */
export function sessionSettings({ pooled = false }: SessionOptions = {}): Readonly<Record<string, string>> {
  if (!pooled) return SESSION_SETTINGS;
  return Object.fromEntries(POOLED.map((name) => [name, SESSION_SETTINGS[name]]));
}

type Connected = (error?: Error | null, ...rest: unknown[]) => void;

/** As much of the driver's client as is extended here: `libs/contract` itself knows no driver. */
interface StartingClient {
  getStartupConf(): Record<string, string>;
  _connect(callback: Connected): void;
}

/**
 * The driver's client class whose connections start with Rollgate's session settings, for `new Client(…)`, the `Client` of a
 * pool or TypeORM's `extra: { Client }`. A start-up parameter that is refused is named in the error (code `08P01`).
 */
export function sessionClient<ClientClass extends new (...parameters: never[]) => object>(
  Client: ClientClass,
  options: SessionOptions = {},
): ClientClass {
  const settings = sessionSettings(options);
  const Base = Client as unknown as new (...parameters: unknown[]) => StartingClient;
  class SessionClient extends Base {
    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...settings };
    }

    // Both forms of the driver's `connect` go through this one.
    override _connect(callback: Connected): void {
      super._connect((error, ...rest) => callback(error ? named(error, options) : error, ...rest));
    }
  }
  return SessionClient as unknown as ClientClass;
}

/** PgBouncer, Odyssey and RDS Proxy, in this order. */
const REFUSED_PARAMETER =
  /unsupported startup parameter(?: in options)?: "?([\w.]+)|startup parameter "?([\w.]+)"? is not (?:supported|allowed)|doesn't support command-line options/i;

/** The driver's error, or what it means when a pooler refused a start-up parameter. */
function named(error: Error, { pooled = false }: SessionOptions): Error {
  const refused = REFUSED_PARAMETER.exec(error.message);
  if (refused === null) return error;
  const parameter = refused[1] ?? refused[2] ?? 'options';
  const advice = pooled
    ? 'The connection pooler must accept it, or DATABASE_URL must point to Postgres itself.'
    : 'This is a connection pooler: set ROLLGATE_POOLED=true (createPostgresLimiter: pooled: true), or point DATABASE_URL to Postgres itself.';
  const explained = new Error(`The server refuses the start-up parameter ${parameter}. ${advice}`, { cause: error });
  return Object.assign(explained, { code: '08P01' });
}

/** As much of a client or pool as the check needs. */
interface Queryable {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ rows: ReadonlyArray<{ name: string; value: string; login: string; database: string }> }>;
}

/** A setting that would give wrong results, with the statement that repairs it. */
export interface SessionProblem {
  readonly setting: string;
  readonly value: string;
  readonly login: string;
  readonly repair: string;
}

/**
 * The settings that a session really has. They differ from the ones sent where a pooler ignores start-up parameters, or
 * knows only a few of them.
 */
export async function sessionProblems(database: Queryable): Promise<SessionProblem[]> {
  const { rows } = await database.query(
    `SELECT name, current_setting(name) AS value, quote_ident(session_user) AS login, quote_ident(current_database()) AS database
     FROM unnest($1::text[]) AS name`,
    [NEEDED.map(([name]) => name)],
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  return NEEDED.flatMap(([setting, isGood]) => {
    const row = found.get(setting);
    if (row === undefined || isGood(row.value)) return [];
    const { value, login, database } = row;
    const repair = `ALTER ROLE ${login} IN DATABASE ${database} SET ${setting} = '${SESSION_SETTINGS[setting]}'`;
    return [{ setting, value, login, repair }];
  });
}

/** @throws Error that names each setting and the statement that repairs it */
export async function checkSession(database: Queryable): Promise<void> {
  const problems = await sessionProblems(database);
  if (problems.length === 0) return;
  const found = problems.map(({ setting, value }) => `${setting} = "${value}"`).join(', ');
  const repairs = problems.map(({ repair }) => repair).join('; ');
  throw new Error(
    `Through the connection pooler, sessions of ${problems[0]?.login} have ${found}, with which results are wrong. ` +
      `Run: ${repairs}; then let the pooler reconnect (PgBouncer: RECONNECT).`,
  );
}
