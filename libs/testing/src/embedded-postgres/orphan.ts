import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectProcess, processesIn, stopProcess } from '../processes.js';

/**
 * Clears what a kill -9 left of an earlier server on this folder: a postmaster that lost its parent, backends that lost their
 * postmaster, a postmaster.pid. Postgres itself refuses to start while the number in postmaster.pid belongs to any process of
 * the same user, be it dead and not yet waited for, or (in containers, after a reboot) somebody else entirely.
 */
export async function clearOrphan(folder: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const realFolder = await realpath(folder);
  const pid = Number.parseInt(text, 10);
  if (pid > 1 && isServerOf(pid, [folder, realFolder])) {
    log('stopping a Postgres that an earlier run left behind');
    await stopProcess(pid, [
      { signal: 'SIGINT', waitMs: 15_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ]);
  }
  await endBackends(realFolder);
  // Only now, with no process left on the folder, is the file stale beyond doubt.
  await rm(pidFile, { force: true });
}

/** The number may by now be another's; a postmaster has its data folder as its working folder, and names it. */
function isServerOf(pid: number, names: readonly string[]): boolean {
  const facts = inspectProcess(pid);
  if (facts === undefined || !facts.command.includes('postgres')) return false;
  return names.some((folder) => facts.workingFolder === folder || facts.command.includes(`-D ${folder} `));
}

/** Backends notice a dead postmaster by themselves, within moments; two servers' processes on one folder would corrupt it. */
async function endBackends(folder: string): Promise<void> {
  const backends = () =>
    processesIn(folder).filter((pid) => inspectProcess(pid)?.command.startsWith('postgres') === true);
  for (const deadline = Date.now() + 5_000; backends().length > 0 && Date.now() < deadline; ) await sleep(50);
  for (const pid of backends()) await stopProcess(pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]);
}
