/** The instances of one experiment: processes that are started, killed, stopped for a while, and ended. */
import { fileURLToPath } from 'node:url';
import { type NodeProcess, spawnNode } from '@rollgate/testing';
import { GO, type InstanceJob, PAUSE, READY, SETTLED, STOP } from '../instance/job.js';

/** The compiled program, also for tests, which run from source. */
const PROGRAM = fileURLToPath(new URL('../../dist/instance/program.js', import.meta.url));
const END_WITHIN_MS = 120_000;

export type Environment = Readonly<Record<string, string>>;

export class Fleet {
  readonly killed = new Set<string>();
  readonly #instances = new Map<string, NodeProcess>();
  readonly #jobOf: (index: number, life: number) => InstanceJob;
  readonly #environments: readonly Environment[];
  readonly #ready: () => Promise<void>;
  readonly #lives: number[];
  readonly #names: string[];

  /** `environments`: environment variables of each instance. `ready`: resolves when the load may begin. */
  constructor(
    jobOf: (index: number, life: number) => InstanceJob,
    environments: readonly Environment[],
    ready: () => Promise<void> = async () => undefined,
  ) {
    this.#ready = ready;
    this.#jobOf = jobOf;
    this.#environments = environments;
    this.#lives = environments.map(() => 0);
    this.#names = environments.map(() => '');
  }

  /** Starts all instances, waits until they are ready, and begins the load. */
  async start(): Promise<void> {
    // Wait for all of them even if one fails, because `abandon` ends only those that it knows.
    const started = await Promise.allSettled(this.#environments.map((_, i) => this.#spawn(i)));
    const failed = started.find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
    await this.#ready();
    for (const name of this.#names) this.#of(name).send(GO);
  }

  pid(index: number): number {
    return this.#of(this.#names[index] as string).pid;
  }

  /** Kills an instance with SIGKILL and starts another in its place. Resolves to the signal that ended it. */
  async replace(index: number): Promise<string | null> {
    const name = this.#names[index] as string;
    const instance = this.#of(name);
    this.killed.add(name);
    instance.kill('SIGKILL');
    const { signal } = await instance.exited;
    this.#instances.delete(name);
    await this.#spawn(index);
    this.#of(this.#names[index] as string).send(GO);
    return signal;
  }

  /** Starts one more instance and its load. Resolves to its name. */
  async add(index: number): Promise<string> {
    this.#lives[index] = 0;
    await this.#spawn(index);
    const name = this.#names[index] as string;
    this.#of(name).send(GO);
    return name;
  }

  /** Sends a signal, such as SIGSTOP or SIGCONT. */
  signal(index: number, signal: NodeJS.Signals): void {
    this.#of(this.#names[index] as string).kill(signal);
  }

  /** Stops the load; the instances keep running. */
  pause(): void {
    for (const instance of this.#instances.values()) instance.send(PAUSE);
  }

  /** Stops the load. Each instance sends its debits and ends. @throws Error when one ends in another way */
  async finish(): Promise<void> {
    const instances = [...this.#instances];
    for (const [, instance] of instances) instance.send(STOP);
    for (const [name, instance] of instances) {
      await instance.waitForLine(new RegExp(`^${SETTLED}$`), END_WITHIN_MS);
      await instance.exited;
      this.#instances.delete(name);
    }
  }

  /** Kills all instances. */
  async abandon(): Promise<void> {
    const instances = [...this.#instances.values()];
    this.#instances.clear();
    for (const instance of instances) instance.kill('SIGKILL');
    await Promise.all(instances.map(({ exited }) => exited));
  }

  async #spawn(index: number): Promise<void> {
    const life = (this.#lives[index] as number) + 1;
    this.#lives[index] = life;
    const job = this.#jobOf(index, life);
    const env = this.#environments[index] ?? {};
    const instance = await spawnNode({
      script: PROGRAM,
      args: [JSON.stringify(job)],
      env,
      readyLine: new RegExp(`^${READY}$`),
    });
    this.#names[index] = job.name;
    this.#instances.set(job.name, instance);
  }

  #of(name: string): NodeProcess {
    const instance = this.#instances.get(name);
    if (!instance) throw new Error(`no instance ${name} is running`);
    return instance;
  }
}
