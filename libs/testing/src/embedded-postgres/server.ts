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

// Invariants: Postgres runs in a session of its own, so Ctrl-C reaches only us and we choose the order of stopping; when we die
// without a word (kill -9), the watchdog stops it; when the watchdog died too, the next start on the same folder does.

export interface EmbeddedPostgresOptions {
  /** Made when missing. One process at a time may use it: a server already running on it is taken for an orphan and stopped. */
  readonly dataFolder: string;
  /** 0, the default, picks a free port. */
  readonly port?: number;
  /** Server settings, e.g. `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Added to the server's environment, e.g. a library to preload. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** Another server than that in node_modules, e.g. `findInstalledPostgres(15)`. */
  readonly binaries?: ServerBinaries;
}

export interface EmbeddedPostgres {
  /** Connection string of the database `postgres` with its password, as superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, however it did. */
  readonly ended: Promise<void>;
  /** Fast shutdown: ends sessions, writes a checkpoint. Safe to call twice. */
  stop(): Promise<void>;
  /** What a crash leaves behind: no checkpoint; the next start recovers from the write-ahead log. */
  stopImmediate(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** Starts a real Postgres on 127.0.0.1 from the binaries in node_modules, and waits until it answers. */
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
      // The port was taken between our look and Postgres's, or backends of a server killed with -9 still hold its shared memory.
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
      'or move the project, or run as an ordinary user, or set DATABASE_URL to a Postgres of your own',
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
  // A file, not a pipe: it survives us, and a server that outlives us never blocks on it.
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
  // The server alone must not keep its parent's event loop alive.
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
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended at once');
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      // 28P01: nothing to wait for, the password file is not this folder's.
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

/** A shell that sleeps on a pipe from us: it wakes when we are gone, however we went, and asks Postgres to stop. */
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
