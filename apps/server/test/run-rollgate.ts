/** The compiled command line, as `rollgate <arguments>`. */
import { fileURLToPath } from 'node:url';
import { spawnNode } from '@rollgate/testing';

const script = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function rollgate(args: readonly string[], databaseUrl?: string): Promise<Run> {
  const node = await spawnNode({ script, args, env: { DATABASE_URL: databaseUrl, DATABASE_URL_FILE: undefined } });
  const { code } = await node.exited;
  return { code, stdout: node.stdout(), stderr: node.stderr() };
}
