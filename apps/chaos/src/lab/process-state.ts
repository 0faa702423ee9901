import { readFileSync } from 'node:fs';

/** The state of a process on Linux, e.g. `T` if it is stopped; an empty string if there is no such process. */
export function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .slice(0, 1);
  } catch {
    return '';
  }
}
