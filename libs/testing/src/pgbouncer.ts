import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.js';
import { stopProcess } from './processes.js';
import { until } from './until.js';

export interface PgBouncerOptions {
  /** Connection string of the Postgres behind it. Only its user, and those in `users`, can connect. */
  readonly url: string;
  /** Server connections per user and database. Default: 4. */
  readonly poolSize?: number;
  /** Lines to add to pgbouncer.ini, e.g. `{ ignore_startup_parameters: 'extra_float_digits' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Additional users, as `{ name: password }`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Path of the program, if it is not where Debian installs it. */
  readonly program?: string | undefined;
  /** A folder that the caller creates and removes. Default: a temporary folder. */
  readonly folder?: string;
}

/** A PgBouncer in transaction mode on 127.0.0.1. */
export interface PgBouncer {
  readonly port: number;
  /** Returns this connection string with PgBouncer's port. */
  through(url: string): string;
  /** The whole log so far. */
  log(): string;
  /** Kills PgBouncer (SIGKILL), as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** Path of the program; `undefined` if PgBouncer is not installed. */
export function findPgBouncer(): string | undefined {
  return ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync);
}

/**
 * Starts PgBouncer in transaction mode and waits until it accepts connections.
 * @throws Error when it is not installed or does not answer
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const program = options.program ?? findPgBouncer();
  if (program === undefined) throw new Error('PgBouncer is not installed');
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), `rollgate-test-${process.pid}-pgbouncer-`));
  // If this process is root, PgBouncer runs as another user and must be able to write its log here.
  chmodSync(folder, 0o777);
  const port = await freePort();
  const configuration = writeConfiguration(folder, port, options);
  const through = (url: string) => Object.assign(new URL(url), { port: String(port) }).href;
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  let pid = 0;
  const kill = () => (pid > 0 ? stopProcess(pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]) : Promise.resolve());
  const run = async () => {
    // PgBouncer refuses to run as root.
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
    const child = spawn(program, ['-q', ...user, configuration], { stdio: 'ignore' });
    child.on('error', () => undefined);
    pid = child.pid ?? 0;
    await untilAnswering(through(options.url), log);
  };
  const stop = async () => {
    await kill();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await run();
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, through, log, kill, run, stop };
}

function writeConfiguration(folder: string, port: number, options: PgBouncerOptions): string {
  const { hostname, port: serverPort, username, password } = new URL(options.url);
  const users = join(folder, 'users');
  const known = { ...options.users, [username]: decodeURIComponent(password) };
  const lines = Object.entries(known).map(([name, secret]) => `"${name}" "${secret.replaceAll('"', '""')}"`);
  writeFileSync(users, `${lines.join('\n')}\n`, { mode: 0o644 });
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: options.poolSize ?? 4,
    max_client_conn: 200,
    server_login_retry: 1,
    logfile: join(folder, 'log'),
    ...options.settings,
  };
  const pairs = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const file = join(folder, 'pgbouncer.ini');
  const text = ['[databases]', `* = host=${hostname} port=${serverPort}`, '[pgbouncer]', ...pairs, ''].join('\n');
  writeFileSync(file, text, { mode: 0o644 });
  return file;
}

async function untilAnswering(url: string, log: () => string): Promise<void> {
  const answers = async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await until(answers, { what: 'PgBouncer answers', pauseMs: 50, details: () => log().slice(-500) });
}
