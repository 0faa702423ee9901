import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectProcess, processesIn, stopProcess } from '../processes.js';

/**
 * Removes what a kill -9 left of an earlier server on this folder: a postmaster without its parent, backends without their
 * postmaster, and postmaster.pid. Postgres refuses to start while the process ID in postmaster.pid belongs to any process of the
 * same user, including a zombie or (in containers, after a reboot) an unrelated process.
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
  // No process uses the folder anymore, so the file is stale and can be removed.
  await rm(pidFile, { force: true });
}

/**
 * The process ID may have been reused. A postmaster has the data folder as its working folder, or names it in its command line.
 */
function isServerOf(pid: number, names: readonly string[]): boolean {
  const facts = inspectProcess(pid);
  if (facts === undefined || !facts.command.includes('postgres')) return false;
  return names.some((folder) => facts.workingFolder === folder || facts.command.includes(`-D ${folder} `));
}

/**
 * Waits until the backends of a dead postmaster have exited, and kills those that have not: a second server would corrupt the
 * folder.
 */
async function endBackends(folder: string): Promise<void> {
  const backends = () =>
    processesIn(folder).filter((pid) => inspectProcess(pid)?.command.startsWith('postgres') === true);
  for (const deadline = Date.now() + 5_000; backends().length > 0 && Date.now() < deadline; ) await sleep(50);
  for (const pid of backends()) await stopProcess(pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]);
}
