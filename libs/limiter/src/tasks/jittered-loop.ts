/** Runs a task again and again, at intervals with jitter, until it is stopped. Its timers do not keep the process alive. */
import { setTimeout as wait } from 'node:timers/promises';
import { jittered } from './jitter.js';

export interface JitteredLoopOptions {
  /** Must not reject. The next interval begins when it has ended. A task that returns nothing ends at once. */
  readonly task: () => Promise<void> | void;
  /** Average interval, ms. */
  readonly everyMs: number;
  /** How far an interval may differ from the average, as a fraction of it, 0.1 by default. */
  readonly spread?: number;
  /** Set to `true` to run the task immediately after `start`, instead of after the first interval. */
  readonly startsWithTask?: boolean;
  /** Timers and random numbers, for tests that control time. By default those of Node.js. */
  readonly timers?: LoopTimers;
}

export interface LoopTimers {
  /** Calls `run` after `ms`. The returned function cancels that. */
  schedule(run: () => void, ms: number): () => void;
  /** Returns a number from 0 to just below 1. */
  random(): number;
}

const NODE_TIMERS: LoopTimers = {
  schedule(run, ms) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

export class JitteredLoop {
  readonly #options: JitteredLoopOptions;
  readonly #stopping = new AbortController();
  #isStarted = false;
  #cancel: () => void = () => undefined;
  #task: Promise<void> | undefined;

  constructor(options: JitteredLoopOptions) {
    this.#options = options;
  }

  /** Starts the loop. Starting it again, or after `stop`, has no effect. */
  start(): void {
    if (this.#isStarted || this.isStopped) return;
    this.#isStarted = true;
    if (this.#options.startsWithTask === true) this.#run();
    else this.#wait();
  }

  /** Starts no further task. Resolves when the current one has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#task;
  }

  /** Whether `stop` was called. A task of many steps checks it before each step. */
  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Waits for `ms` between two steps of a task, or until `stop` is called. */
  async pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
  }

  #wait(): void {
    if (this.isStopped) return;
    const { everyMs, spread = 0.1, timers = NODE_TIMERS } = this.#options;
    this.#cancel = timers.schedule(() => this.#run(), jittered(everyMs, { spread, random: () => timers.random() }));
  }

  #run(): void {
    const task = this.#options.task();
    if (task === undefined) {
      this.#wait();
      return;
    }
    this.#task = task.then(() => {
      this.#task = undefined;
      this.#wait();
    });
  }
}
