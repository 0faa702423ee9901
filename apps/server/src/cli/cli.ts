import type { Environment } from '@rollgate/contract/environment';

/** The environment and output that a command uses. */
export interface Cli {
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Resolves to what a person types; undefined: there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Set by a command that completed: exit code 1 if it found a problem, 2 if a plan has changes. */
  found: 'nothing wrong' | 'something wrong' | 'changes';
}

/** Machine-readable output: `--json`. */
export function printJson(cli: Cli, value: unknown): void {
  cli.out(`${JSON.stringify(value, null, 2)}\n`);
}
