import { readFileSync } from 'node:fs';

/** The state of a process as Linux tells it, e.g. `T` where it is stopped; empty: it is not there. */
export function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .slice(0, 1);
  } catch {
    return '';
  }
}
