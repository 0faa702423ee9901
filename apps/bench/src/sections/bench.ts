/** What every section is given, and how all of them take turns. */
import type { Servers } from '../servers/servers.js';

export interface Plan {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export interface Bench {
  readonly plan: Plan;
  readonly servers: Servers;
  /** A quick run has no time left for what no goal asks for. */
  readonly late: () => boolean;
  /** A line on stderr. */
  readonly progress: (line: string) => void;
}

/** Callers of a contender under full load. */
export const CALLERS = 512;

export interface Step<Result> {
  readonly name: string;
  readonly run: () => Promise<Result>;
  /** What progress tells of a result. */
  readonly tell: (result: Result) => string;
}

export interface Turns<Result> {
  readonly steps: readonly Step<Result>[];
  /** In a quick run another round begins only if it is likely to end within this. */
  readonly quickSeconds: number;
}

/** A B C A B C …: whatever disturbs the machine for a while disturbs all of them. Results by step, in the order of the rounds. */
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
