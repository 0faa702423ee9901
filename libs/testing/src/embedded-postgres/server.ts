import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../free-port.js';
import { type Binaries, findBinaries, type ServerBinaries } from './binaries.js';
import { openDataFolder, serverEnvironment } from './data-folder.js';
import { clearOrphan } from './orphan.js';
import { firstUnreachable, type RunAs, unprivilegedUser } from './run-as.js';

// Invariants: Postgres runs in its own session, so Ctrl-C reaches only this process, which then stops everything in order. If
// this
// process is killed (kill -9), the watchdog stops Postgres. If the watchdog was killed too, the next start on the same folder
// does.

export interface EmbeddedPostgresOptions {
  /**
   * Created if missing. Only one process at a time may use it: a server already running on it is treated as an orphan and
   * stopped.
   */
  readonly dataFolder: string;
  /** Default: 0, which picks a free port. */
  readonly port?: number;
  /** Server settings, e.g. `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Added to the server's environment, e.g. a library to preload. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** A server to use instead of the one in node_modules, e.g. `findInstalledPostgres(15)`. */
  readonly binaries?: ServerBinaries;
}

export interface EmbeddedPostgres {
  /** Connection string of the database `postgres` with its password, as superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for any reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown: ends sessions, writes a checkpoint. Safe to call twice. */
  stop(): Promise<void>;
  /** Immediate shutdown, as after a crash: no checkpoint; the next start recovers from the write-ahead log. */
  stopImmediate(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/**
 * Starts a real Postgres on 127.0.0.1 from the binaries in node_modules and waits until it accepts connections.
 * @throws Error that names the cause and the log file
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { port = 0, settings = {}, environment = {}, log = () => undefined } = options;
  const folder = resolve(options.dataFolder);
  const runAs = await unprivilegedUser();
  await checkReachable(folder, runAs);
  const binaries = options.binaries ?? (await findBinaries(runAs, `${folder}.binaries`));
  await clearOrphan(folder, log);
  const data = await openDataFolder({ folder, binaries, runAs, durable: settings['fsync'] !== 'off', log });
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port === 0 ? await freePort() : port;
    try {
      return await launch({ ...data, binaries, runAs, port: chosen, settings, environment });
    } catch (error) {
      // Another process took the port after it was found free, or backends of a server killed with -9 still hold its shared
      // memory.
      const passing =
        error instanceof Error &&
        (/shared memory block/.test(error.message) || (port === 0 && /bind|create any TCP/.test(error.message)));
      if (!passing || attempt === 20) throw error;
      await sleep(250);
    }
  }
}

async function checkReachable(folder: string, runAs: RunAs | undefined): Promise<void> {
  if (runAs === undefined) return;
  const obstacle = await firstUnreachable(folder, runAs);
  if (obstacle === undefined) return;
  throw new Error(
    `Postgres runs as the user "postgres", which may not enter ${obstacle}: run "chmod o+x ${obstacle}", ` +
      'or move the project, or run as an ordinary user, or set DATABASE_URL to your own Postgres',
  );
}

interface Launch {
  readonly folder: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly runAs: RunAs | undefined;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

async function launch({
  folder,
  password,
  binaries,
  runAs,
  port,
  settings,
  environment,
}: Launch): Promise<EmbeddedPostgres> {
  const fixed = { listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', log_timezone: 'UTC' };
  const flags = Object.entries({ ...fixed, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The log goes to a file instead of a pipe, so a server that outlives this process never blocks on writing to it.
  const logFile = await open(`${folder}.log`, 'w', 0o600);
  const child = spawn(binaries.postgres, ['-D', folder, '-p', String(port), ...flags], {
    ...runAs,
    cwd: folder,
    env: { ...serverEnvironment(), ...environment },
    detached: true,
    stdio: ['ignore', logFile.fd, logFile.fd],
  });
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  await logFile.close();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${binaries.postgres} could not be started`);
  // The running server must not keep the event loop of this process alive.
  child.unref();
  const watchdog = startWatchdog(pid);
  void ended.then(() => watchdog.kill('SIGKILL'));
  const end = (signal: NodeJS.Signals) => stop(child, signal);
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  try {
    await untilAnswering(url, child);
  } catch (error) {
    await end('SIGINT');
    const fatal = (await readFile(`${folder}.log`, 'utf8')).split('\n').filter((line) => /FATAL|ERROR/.test(line));
    throw new Error(`Postgres did not start: ${fatal.at(0) ?? (error as Error).message} (log: ${folder}.log)`);
  }
  return { url, port, pid, ended, stop: () => end('SIGINT'), stopImmediate: () => end('SIGQUIT') };
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(25)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the server ended during its start');
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      // 28P01: the password file does not match this folder, so retrying does not help.
      if ((error as { code?: string }).code === '28P01' || Date.now() > deadline) throw error;
    }
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exited = once(child, 'exit');
  child.kill(signal);
  const inTime = await Promise.race([exited.then(() => true), sleep(15_000, false, { ref: false })]);
  if (inTime) return;
  child.kill('SIGQUIT');
  await exited;
}

/**
 * A shell that blocks on a pipe from this process. When this process ends for any reason, the pipe closes and the shell stops
 * Postgres.
 */
function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1" 2>/dev/null', 'rollgate-watchdog', String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  (watchdog.stdin as { unref?: () => void } | null)?.unref?.();
  return watchdog;
}
