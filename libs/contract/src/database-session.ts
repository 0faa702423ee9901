/**
 * The settings of every program's database sessions: one definition for pools, single connections, migrations and tools.
 *
 * `ALTER DATABASE … SET` or `ALTER ROLE … SET` may have changed any setting of a database or login. With `DateStyle = German`,
 * for example, the driver reads every timestamp as null. The settings that Rollgate depends on are therefore sent when the
 * connection starts, where they take precedence.
 */

/** Sent at the start of every direct connection. */
const SESSION_SETTINGS = {
  // The driver can't parse timestamps in any other format.
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  // Floating-point numbers are written as the shortest text that reads back as the same number.
  extra_float_digits: '1',
  bytea_output: 'hex',
  // All SQL names its schemas. With this search path no other object can be found in place of a table or function.
  search_path: 'pg_catalog',
  // The next four settings change the meaning of SQL in functions and statements.
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  // rollgate.acquire refuses to decide at any other isolation level.
  default_transaction_isolation: 'read committed',
} as const satisfies Readonly<Record<string, string>>;

/**
 * Settings that every version of PgBouncer accepts from a connecting client and applies to each server connection that it assigns.
 * Java's driver has always sent the first two, so other poolers accept them too.
 */
const POOLED = ['DateStyle', 'TimeZone', 'standard_conforming_strings'] as const satisfies readonly SessionSetting[];

type SessionSetting = keyof typeof SESSION_SETTINGS;

/** Settings that a result depends on, each with a check of its value. The other settings change no result of Rollgate's SQL. */
const NEEDED: ReadonlyArray<readonly [SessionSetting, (value: string) => boolean]> = [
  ['DateStyle', (value) => value.startsWith('ISO')],
  ['standard_conforming_strings', (value) => value === 'on'],
  ['array_nulls', (value) => value === 'on'],
  ['default_transaction_isolation', (value) => value === 'read committed'],
];

export interface SessionOptions {
  /**
   * `true` if connections go through a pooler that keeps no session for a client (PgBouncer in transaction mode). Default:
   * `false`.
   */
  readonly pooled?: boolean | undefined;
  /** Returns the URL to connect with. It is called for each new connection, so that a rotated password is used. */
  readonly readDatabaseUrl?: (() => string) | undefined;
}

/** The settings to send when a connection starts. Through a pooler: only the few that poolers accept. */
function sessionSettings({ pooled = false }: SessionOptions = {}): Readonly<Record<string, string>> {
  if (!pooled) return SESSION_SETTINGS;
  return Object.fromEntries(POOLED.map((name) => [name, SESSION_SETTINGS[name]]));
}

type Connected = (error?: Error | null, ...rest: unknown[]) => void;

/** The part of the driver's client that is extended here, declared because `libs/contract` does not depend on a driver. */
interface StartingClient {
  getStartupConf(): Record<string, string>;
  _connect(callback: Connected): void;
}

/**
 * Returns a subclass of the driver's client whose connections start with Rollgate's session settings, for `new Client(…)`, the
 * `Client` of a pool or TypeORM's `extra: { Client }`. If the server refuses a start-up parameter, connecting fails with an error
 * that names the parameter (code `08P01`).
 */
export function sessionClient<ClientClass extends new (...parameters: never[]) => object>(
  Client: ClientClass,
  options: SessionOptions = {},
): ClientClass {
  const settings = sessionSettings(options);
  const Base = Client as unknown as new (config: object) => StartingClient;
  class SessionClient extends Base {
    constructor(config: object) {
      super(withCurrentUrl(config, options));
    }

    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...settings };
    }

    // Both forms of the driver's `connect` (callback and promise) call this method.
    override _connect(callback: Connected): void {
      super._connect((error, ...rest) => callback(error ? named(error, options) : error, ...rest));
    }
  }
  return SessionClient as unknown as ClientClass;
}

function withCurrentUrl(config: object, { readDatabaseUrl }: SessionOptions): object {
  if (readDatabaseUrl === undefined) return config;
  try {
    return { ...config, connectionString: readDatabaseUrl() };
  } catch {
    // A file that is being replaced can't be read for a moment. The URL in the client's configuration is used then.
    return config;
  }
}

/** The messages of PgBouncer, Odyssey and RDS Proxy, in this order. */
const REFUSED_PARAMETER =
  /unsupported startup parameter(?: in options)?: "?([\w.]+)|startup parameter "?([\w.]+)"? is not (?:supported|allowed)|doesn't support command-line options/i;

/** The driver's error, or an explanation of it if a pooler refused a start-up parameter. */
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

/** The part of a client or pool that the check uses. */
interface SettingsReader {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ rows: ReadonlyArray<{ name: string; value: string; login: string; database: string }> }>;
}

/** A setting whose value gives wrong results, with the login it applies to and the SQL statement that corrects it. */
export interface SessionProblem {
  readonly setting: string;
  readonly value: string;
  readonly login: string;
  readonly repair: string;
}

/**
 * Reads the actual settings of a session and returns those with a wrong value, `[]` if all are right. They can differ from the
 * settings that were sent if a pooler ignores start-up parameters or accepts only some of them.
 */
export async function sessionProblems(database: SettingsReader): Promise<SessionProblem[]> {
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

/** Checks the actual settings of a session. @throws Error that names each wrong setting and the statement that corrects it */
export async function checkSession(database: SettingsReader): Promise<void> {
  const problems = await sessionProblems(database);
  if (problems.length === 0) return;
  const found = problems.map(({ setting, value }) => `${setting} = "${value}"`).join(', ');
  const repairs = problems.map(({ repair }) => repair).join('; ');
  throw new Error(
    `Through the connection pooler, sessions of ${problems[0]?.login} have ${found}, which makes results wrong. ` +
      `Run: ${repairs}; then let the pooler reconnect (PgBouncer: RECONNECT).`,
  );
}
