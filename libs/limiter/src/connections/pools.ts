/**
 * The connections of one process: decisions have their own, so that nothing else holds them up, and few, so that many
 * instances that come back at once leave room for an administrator.
 */
import pg from 'pg';
import type { DecisionBudget } from '../outage/budget.js';
import type { Reports } from '../reports.js';
import type { DatabaseLogin } from './database-login.js';
import { endOf, type KeptClient, KeptConnections } from './kept-connections.js';

/** A pass of the janitor holds one for long; events and polls take turns with the others. */
const HOUSEKEEPING_CONNECTIONS = 3;
const LOOK_CONNECTIONS = 2;
const CONNECT_WITHIN_MS = 5_000;
/** Longer than a sign-in takes anywhere, and no longer than an outage is waited out: one that hangs holds up the next. */
const SIGN_IN_WITHIN_MS = 2_000;
/** For the statements that make a new connection ready: on a busy machine the first one takes a second or more. */
const READY_WITHIN_MS = 5_000;
/** A restart of the server refuses one or two. */
const REPORT_AFTER_ATTEMPTS = 3;
/** A connection that died without a word would hold up news of changed limits for ever. */
const HOUSEKEEPING_WITHIN_MS = 5_000;
/** No call waits for it that long: the limiter sees to that. */
const LOOK_WITHIN_MS = 4_000;
/** Networks drop connections that are silent for some minutes, without telling either end. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

export interface Pools {
  readonly decisions: KeptConnections;
  readonly looks: pg.Pool;
  readonly housekeeping: pg.Pool;
}

export interface PoolOptions {
  readonly login: DatabaseLogin;
  readonly connections: number;
  /** undefined: decisions may take as long as they take. */
  readonly budget: DecisionBudget | undefined;
  /** A pooler in between refuses settings at the start of a session. */
  readonly pooled: boolean;
  readonly reports: Reports;
  /** The database has been reached once. */
  readonly hasStarted: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Makes each new connection that decides ready for it, before it decides. */
  readonly prepare: (client: pg.ClientBase) => Promise<void>;
}

export function openPools({
  login,
  connections,
  budget,
  pooled,
  reports,
  hasStarted,
  onError,
  prepare,
}: PoolOptions): Pools {
  const config: pg.ClientConfig = { ...KEEP_ALIVE, application_name: 'rollgate', pipeline: !pooled };
  // A pooler may hand each statement to another session.
  const limits = pooled ? undefined : budget;
  const decisions = new KeptConnections({
    size: connections,
    open: () => openClient(login, { config, prepare, limits }),
    onFault: onError,
    onRefused(error, times) {
      // Before that, the failure to start is reported.
      if (times < REPORT_AFTER_ATTEMPTS || !hasStarted()) return;
      const message = `a connection to ${login.place} can not be opened: ${error.message}`;
      reports.trouble('connections', { kind: 'refused', message, level: 'warn' });
    },
    onWhole: () => reports.over('connections', `all connections to ${login.place} are open again`),
  });
  const open = (config: pg.PoolConfig) => {
    const pool = new LoginPool({ login, decisions }, { ...KEEP_ALIVE, allowExitOnIdle: true, ...config });
    pool.on('error', onError);
    return pool;
  };
  return {
    decisions,
    looks: open({
      max: LOOK_CONNECTIONS,
      application_name: 'rollgate-looks',
      connectionTimeoutMillis: LOOK_WITHIN_MS,
      query_timeout: LOOK_WITHIN_MS,
      idleTimeoutMillis: 60_000,
    }),
    housekeeping: open({
      max: HOUSEKEEPING_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      query_timeout: HOUSEKEEPING_WITHIN_MS,
      application_name: 'rollgate-housekeeping',
    }),
  };
}

interface ClientOptions extends Pick<PoolOptions, 'prepare'> {
  readonly config: pg.ClientConfig;
  readonly limits: Pick<DecisionBudget, 'lockMs' | 'statementMs'> | undefined;
}

async function openClient(login: DatabaseLogin, { config, prepare, limits }: ClientOptions): Promise<KeptClient> {
  await login.refresh();
  const client = new login.Client({ ...config, connectionTimeoutMillis: SIGN_IN_WITHIN_MS }) as KeptClient;
  const ignore = (): void => undefined;
  let cut: NodeJS.Timeout | undefined;
  // A connection that breaks while it is made ready reports that through `prepare`.
  client.on('error', ignore);
  try {
    const connecting = client.connect();
    // An attempt in the background does not keep the process alive.
    client.unref();
    await connecting;
    cut = setTimeout(() => void endOf(client, 0), READY_WITHIN_MS).unref();
    await makeReady(client, { prepare, limits });
    client.off('error', ignore);
    return client;
  } catch (error) {
    await endOf(client, 0);
    throw error;
  } finally {
    clearTimeout(cut);
  }
}

/** The limits of a decision hold from here on: a slow machine may take longer than one to prepare its first statement. */
async function makeReady(client: pg.Client, { prepare, limits }: Omit<ClientOptions, 'config'>): Promise<void> {
  await prepare(client);
  if (limits !== undefined)
    await client.query(`SET lock_timeout = ${limits.lockMs}; SET statement_timeout = ${limits.statementMs}`);
}

/**
 * Signs in with what `login` returns at that moment, and only while the database can be reached: while it can not, the
 * connections that decide find out when it is back, and nothing else tries.
 */
class LoginPool extends pg.Pool {
  readonly #login: DatabaseLogin;
  readonly #decisions: KeptConnections;

  constructor({ login, decisions }: { login: DatabaseLogin; decisions: KeptConnections }, config: pg.PoolConfig) {
    super({ ...config, Client: login.Client });
    this.#login = login;
    this.#decisions = decisions;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const connecting = this.#connect();
    if (callback === undefined) return connecting;
    connecting.then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.idleCount === 0) {
      await this.#decisions.reachable();
      await this.#login.refresh();
    }
    return await super.connect();
  }
}

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (error?: boolean | Error) => void,
) => void;
