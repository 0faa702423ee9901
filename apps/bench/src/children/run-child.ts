import { fileURLToPath } from 'node:url';
import { type NodeProcess, spawnNode } from '@rollgate/testing';
import { GO, READY_LINE, resultIn } from './child-program.js';

/** A child process that measures, prints its result and ends. */
export interface ChildJob {
  /** The name of a program in this folder. */
  readonly program: 'throughput' | 'latency' | 'denied' | 'growth' | 'fixed-work' | 'simulated-day' | 'cannon';
  readonly job: object;
}

export function childScript(program: string): string {
  return fileURLToPath(new URL(`./${program}.js`, import.meta.url));
}

/** Runs one child. @throws Error with the end of its stderr when it fails */
export async function runChild<Result>({ program, job }: ChildJob): Promise<Result> {
  const child = await spawnNode({ script: childScript(program), args: [JSON.stringify(job)] });
  return await resultOf<Result>(child);
}

/** Runs several instances at the same time. None starts to count before all have finished their warm-up. */
export async function runTogether<Result>(jobs: readonly ChildJob[]): Promise<Result[]> {
  const children = await Promise.all(
    jobs.map(({ program, job }) => spawnNode({ script: childScript(program), args: [JSON.stringify(job)] })),
  );
  await Promise.all(children.map((child) => child.waitForLine(READY_LINE)));
  for (const child of children) child.send(GO);
  return await Promise.all(children.map((child) => resultOf<Result>(child)));
}

async function resultOf<Result>(child: NodeProcess): Promise<Result> {
  const { code, signal } = await child.exited;
  const result = resultIn<Result>(child.stdout());
  if (code === 0 && result !== undefined) return result;
  throw new Error(`a measurement ended with ${signal ?? `code ${code}`}:\n${child.stderr().trim().slice(-2000)}`);
}
