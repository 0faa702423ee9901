import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Facts about a running process, used to verify that a process ID read from a file still belongs to the process we started. */
export interface ProcessFacts {
  readonly command: string;
  /** Differs between two processes that had the same ID one after the other. Its format depends on the platform. */
  readonly startedAt: string;
  readonly parentPid: number;
  /** Linux only. */
  readonly workingFolder: string | undefined;
}

/** Facts about the process with this ID; `undefined` if there is none, or only a zombie. */
export function inspectProcess(pid: number): ProcessFacts | undefined {
  if (!isAlive(pid)) return undefined;
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined;
  }
}

function fromProc(pid: number): ProcessFacts | undefined {
  // The name in parentheses may contain spaces. The first field after it is the state.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  if (fields[0] === 'Z') return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  return {
    command,
    startedAt: fields[19] ?? '',
    parentPid: Number(fields[1]),
    workingFolder: linkTarget(`/proc/${pid}/cwd`),
  };
}

function fromPs(pid: number): ProcessFacts | undefined {
  const ask = (field: string) =>
    execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  return {
    command: ask('command'),
    startedAt: ask('lstart'),
    parentPid: Number(ask('ppid')),
    workingFolder: undefined,
  };
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** IDs of the processes whose working folder is `folder`. Linux only; `[]` on other platforms. */
export function processesIn(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => linkTarget(`/proc/${pid}/cwd`) === folder).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Resolves to `true` once the process has ended, or `false` if it is still running after `timeoutMs`. */
export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(20)) {
    if (inspectProcess(pid) === undefined) return true;
  }
  return inspectProcess(pid) === undefined;
}

/** Sends the signals in order until the process has ended, waiting up to `waitMs` after each. */
export async function stopProcess(
  pid: number,
  signals: ReadonlyArray<{ signal: NodeJS.Signals; waitMs: number }>,
): Promise<void> {
  for (const { signal, waitMs } of signals) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await waitUntilGone(pid, waitMs)) return;
  }
}
