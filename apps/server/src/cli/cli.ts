import type { Environment } from '../settings.js';

/** What a command works with. */
export interface Cli {
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Set by a command that did its work and found something wrong: exit code 1. */
  found: 'nothing wrong' | 'something wrong';
}

/** For machines: `--json`. */
export function printJson(cli: Cli, value: unknown): void {
  cli.out(`${JSON.stringify(value, null, 2)}\n`);
}
