import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProgramOptions {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Module to load first. It ends the program when this process ends. */
  readonly preload: string;
  readonly logFile: string;
}

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves to how the program ended, e.g. `exit code 1`. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  /** Sends SIGTERM, and SIGKILL after 10 s. */
  stop(): Promise<void>;
  kill(): void;
}

const STOP_TIMEOUT_MS = 10_000;

export async function startProgram({ name, script, env, preload, logFile }: ProgramOptions): Promise<Program> {
  const log = await open(logFile, 'w', 0o600);
  // Detached, so that Ctrl-C reaches only this process, which then stops the programs in order. When this process ends, the channel
  // closes and the program notices.
  const child = spawn(process.execPath, ['--import', pathToFileURL(preload).href, '--enable-source-maps', script], {
    env: { ...env },
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  await log.close();
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid: child.pid ?? 0,
    logFile,
    ended,
    isRunning,
    stop: () => (isRunning() ? stop(child, ended) : Promise.resolve()),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}

/** Resolves to whether the program answered on /healthz within `timeoutMs`. */
export async function untilHealthy(
  program: Program,
  { port, timeoutMs }: { port: number; timeoutMs: number },
): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline && program.isRunning(); await sleep(50)) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      if (answer.ok) return true;
    } catch {
      // Not listening yet.
    }
  }
  return false;
}

/** The last lines of a log, to show why a program failed. */
export async function lastLines(file: string, count: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** The database and the environment of a program that prepares the database. */
export interface Preparation {
  readonly projectFolder: string;
  readonly databaseUrl: string;
  readonly pooled: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs a program and resolves to its standard output. */
export async function output(
  script: string,
  {
    args,
    env,
    timeoutMs = 30_000,
  }: { args: string[]; env: Readonly<Record<string, string | undefined>>; timeoutMs?: number },
): Promise<string> {
  const { stdout } = await run(process.execPath, [script, ...args], { env: { ...env }, timeout: timeoutMs });
  return stdout.trim();
}
