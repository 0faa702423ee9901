/** Several instances that share a store, each in a process of its own, under one load. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Percentiles, percentilesOf } from '../load/latency-log.js';
import type { InstanceJob, InstanceMessage, Load, LoadResult } from './instance.js';
import { childScript } from './run-child.js';

/** What all instances did together. */
export interface ClusterResult {
  readonly perSecond: number;
  readonly percentiles: Percentiles;
  /** Share of all decisions that was made without the database, 0 to 1. */
  readonly withoutDatabase: number;
}

export class Cluster {
  readonly #instances: readonly ChildProcess[];

  private constructor(instances: readonly ChildProcess[]) {
    this.#instances = instances;
  }

  /** Starts `size` instances at once. Resolves when all of them have opened their connections. */
  static async start(size: number, job: Pick<InstanceJob, 'contender' | 'options'>): Promise<Cluster> {
    const instances = Array.from({ length: size }, (_, place) => {
      const args = [JSON.stringify({ ...job, place, size } satisfies InstanceJob)];
      return fork(childScript('instance'), args, { serialization: 'advanced', execArgv: [], stdio: 'inherit' });
    });
    const cluster = new Cluster(instances);
    try {
      await Promise.all(instances.map((instance) => answer(instance)));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get size(): number {
    return this.#instances.length;
  }

  /** Puts the same load on each instance at the same time. */
  async run(load: Exclude<Load, { kind: 'pass' }>): Promise<ClusterResult> {
    return together(await this.#load(load));
  }

  /** Makes one call for each subject, with this many callers of each instance. */
  async pass(callers: number): Promise<void> {
    await this.#load({ kind: 'pass', callers });
  }

  /** Ends the instances without closing them: closing would wait for work that the next measurement does not need. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#instances.map(async (instance) => {
        if (instance.exitCode !== null || instance.signalCode !== null) return;
        const ended = once(instance, 'exit');
        instance.kill('SIGKILL');
        await ended;
      }),
    );
  }

  #load(load: Load): Promise<LoadResult[]> {
    const answers = this.#instances.map(async (instance) => {
      const message = await answer(instance, () => instance.send(load));
      if (message.kind !== 'result') throw new Error(`an instance sent "${message.kind}" instead of a result`);
      return message.result;
    });
    return Promise.all(answers);
  }
}

/** The next message of an instance, after `ask`. @throws Error if it fails or ends instead */
async function answer(instance: ChildProcess, ask: () => void = () => undefined): Promise<InstanceMessage> {
  const message = await new Promise<InstanceMessage>((resolve, reject) => {
    const settle = (): void => {
      instance.off('message', told);
      instance.off('exit', ended);
    };
    const told = (found: unknown): void => {
      settle();
      resolve(found as InstanceMessage);
    };
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      settle();
      reject(new Error(`an instance ended with ${signal ?? `code ${code}`}`));
    };
    instance.on('message', told);
    instance.on('exit', ended);
    ask();
  });
  if (message.kind === 'failed') throw new Error(`an instance failed: ${message.message}`);
  return message;
}

function together(results: readonly LoadResult[]): ClusterResult {
  const sum = (of: (result: LoadResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return {
    perSecond: sum(({ perSecond }) => perSecond),
    percentiles: percentilesOf(results.map(({ latencies }) => latencies)),
    withoutDatabase:
      sum(({ withoutDatabase }) => withoutDatabase) /
      Math.max(
        1,
        sum(({ decisions }) => decisions),
      ),
  };
}
