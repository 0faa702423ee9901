/** Runs the compiled command line as `rollgate <arguments>`. */
import { fileURLToPath } from 'node:url';
import { spawnNode } from '@rollgate/testing';
import { runCli } from '../src/cli/run-cli.js';

const script = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function rollgate(
  args: readonly string[],
  databaseUrl?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const known = { DATABASE_URL: databaseUrl, DATABASE_URL_FILE: undefined };
  const program = await spawnNode({ script, args, env: { ...known, ...env } });
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

/**
 * Runs the command line in this process: starting a process takes a second, and more on a busy machine. `ask` answers for a person at a
 * terminal; without it there is none.
 */
export async function rollgateHere(
  args: readonly string[],
  databaseUrl: string,
  ask?: (question: string) => Promise<string>,
): Promise<Run> {
  const told = { stdout: '', stderr: '' };
  const code = await runCli({
    args,
    environment: { DATABASE_URL: databaseUrl },
    ask,
    out(more) {
      told.stdout += more;
    },
    err(more) {
      told.stderr += more;
    },
  });
  return { code, ...told };
}
