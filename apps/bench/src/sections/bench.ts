/** The context of every section, and how contenders take turns. */
import type { Servers } from '../servers/servers.js';

export interface Plan {
  readonly quick: boolean;
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Rows of the section reads. */
  readonly reads: { readonly subjects: number; readonly events: number };
}

export interface Bench {
  readonly plan: Plan;
  readonly servers: Servers;
  /** Whether a quick run has no time left for parts that no goal needs. */
  readonly late: () => boolean;
  /** Prints a line on stderr. */
  readonly progress: (line: string) => void;
}

/** Number of callers of a contender under full load. */
export const CALLERS = 512;

export interface Step<Result> {
  readonly name: string;
  readonly run: () => Promise<Result>;
  /** Describes a result in the progress output. */
  readonly tell: (result: Result) => string;
}

export interface Turns<Result> {
  readonly steps: readonly Step<Result>[];
  /** In a quick run another round begins only if it is likely to end within this many seconds. */
  readonly quickSeconds: number;
}

/**
 * Runs the steps in turn (A B C A B C …), so a temporary disturbance of the machine affects all of them. Returns the results of
 * each step in the order of the rounds.
 */
export async function takeTurns<Result>(bench: Bench, { steps, quickSeconds }: Turns<Result>): Promise<Result[][]> {
  const results: Result[][] = steps.map(() => []);
  const startedAt = performance.now();
  for (let round = 1; round <= bench.plan.rounds; round++) {
    for (const [i, step] of steps.entries()) {
      const result = await step.run();
      results[i]?.push(result);
      bench.progress(`  ${round}/${bench.plan.rounds}  ${step.name}: ${step.tell(result)}`);
    }
    const spent = (performance.now() - startedAt) / 1000;
    if (bench.plan.quick && spent * (1 + 1 / round) > quickSeconds) break;
  }
  return results;
}
