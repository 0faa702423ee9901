import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspectProcess, stopProcess } from '@rollgate/testing';
import { SettingError } from './settings.js';

// Ensures that only one npm start uses a data folder. The record has the process IDs of npm start and of its programs, each with
// the time it started: an ID that another process has now is not mistaken for one of them.

interface Recorded {
  readonly pid: number;
  readonly startedAt: string;
}

interface RunRecordContent extends Recorded {
  readonly programs: readonly Recorded[];
}

export interface RunRecord {
  /** Records a program, so that the next start can stop it if this one is killed. */
  add(pid: number): Promise<void>;
  remove(): Promise<void>;
}

export async function openRunRecord(dataFolder: string): Promise<RunRecord> {
  const file = join(dataFolder, 'run.json');
  await mkdir(dirname(file), { recursive: true });
  let content: RunRecordContent = { ...recorded(process.pid), programs: [] };
  while (!(await createExclusively(file, content))) {
    const earlier = await read(file);
    if (earlier !== undefined && isAlive(earlier)) {
      throw new SettingError(
        `Rollgate already runs with ${dataFolder} (process ${earlier.pid}): stop it first, or set ROLLGATE_DATA_FOLDER`,
      );
    }
    // The earlier start was killed. Its programs stop when they notice, and their ports must be free before they are checked.
    const left = earlier?.programs.filter(isAlive) ?? [];
    await Promise.all(
      left.map(({ pid }) =>
        stopProcess(pid, [
          { signal: 'SIGTERM', waitMs: 10_000 },
          { signal: 'SIGKILL', waitMs: 5_000 },
        ]),
      ),
    );
    await rm(file, { force: true });
  }
  return {
    add: async (pid) => {
      content = { ...content, programs: [...content.programs, recorded(pid)] };
      await rename(await writeDraft(file, content), file);
    },
    remove: () => rm(file, { force: true }),
  };
}

function recorded(pid: number): Recorded {
  return { pid, startedAt: inspectProcess(pid)?.startedAt ?? '' };
}

function isAlive({ pid, startedAt }: Recorded): boolean {
  return inspectProcess(pid)?.startedAt === startedAt;
}

/** Creates the file with its full content, so that another start never reads an incomplete record. */
async function createExclusively(file: string, content: RunRecordContent): Promise<boolean> {
  const draft = await writeDraft(file, content);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(file: string, content: RunRecordContent): Promise<string> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
  return draft;
}

/** `undefined` if the file does not exist any more or is not valid. */
async function read(file: string): Promise<RunRecordContent | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunRecordContent;
  } catch {
    return undefined;
  }
}
