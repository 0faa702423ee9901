/**
 * The connections of one process. Decisions have their own, so that nothing else delays them, and only a few, so that
 * many instances that reconnect at once leave room for an administrator.
 */
import pg from 'pg';
import type { Reports } from '../reports.js';
import type { DatabaseLogin } from './database-login.js';
import type { DecisionBudget } from './decision-budget.js';
import { endOf, type KeptClient, KeptConnections } from './kept-connections.js';

/** The janitor holds one connection during a pass; events and polls share the others. */
const HOUSEKEEPING_CONNECTIONS = 3;
const LOOK_CONNECTIONS = 2;
const CONNECT_WITHIN_MS = 5_000;
/**
 * Longer than any normal sign-in, and short enough to notice quickly that the database is back: an attempt that hangs
 * delays the next one.
 */
const SIGN_IN_WITHIN_MS = 2_000;
/** For the statements that prepare a new connection. On a busy machine the first one takes a second or more. */
const READY_WITHIN_MS = 5_000;
/** A server restart causes one or two failed attempts, which are not worth a report. */
const REPORT_AFTER_ATTEMPTS = 3;
/** Without this limit, a connection that was lost unnoticed would delay news of changed limits forever. */
const HOUSEKEEPING_WITHIN_MS = 5_000;
/** No call waits this long, because the limiter has a shorter limit. */
const LOOK_WITHIN_MS = 4_000;
/** Networks drop idle connections after some minutes without notifying either end. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

export interface Pools {
  readonly decisions: KeptConnections;
  readonly looks: pg.Pool;
  readonly housekeeping: pg.Pool;
}

export interface PoolOptions {
  readonly login: DatabaseLogin;
  readonly connections: number;
  /** `undefined` if decisions have no time limit. */
  readonly budget: DecisionBudget | undefined;
  /** True if a pooler is used, which rejects settings at the start of a session. */
  readonly pooled: boolean;
  readonly reports: Reports;
  /** Whether the database has been reached at least once. */
  readonly hasStarted: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Prepares each new decision connection before its first decision. */
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
      // Before the first contact, the failed start is reported instead.
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
  // If the connection breaks during preparation, `prepare` rejects.
  client.on('error', ignore);
  try {
    const connecting = client.connect();
    // A background attempt does not keep the process alive.
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

/**
 * Prepares the connection and only then sets the time limits of decisions: on a slow machine, preparing the first
 * statement may take longer than a decision is allowed to.
 */
async function makeReady(client: pg.Client, { prepare, limits }: Omit<ClientOptions, 'config'>): Promise<void> {
  await prepare(client);
  if (limits !== undefined)
    await client.query(`SET lock_timeout = ${limits.lockMs}; SET statement_timeout = ${limits.statementMs}`);
}

/**
 * Signs in with what `login` returns at that moment, and only while the database can be reached. While it can't, the
 * decision connections detect when it is back, and this pool makes no attempts.
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
