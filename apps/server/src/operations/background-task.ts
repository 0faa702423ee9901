import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';

interface Task {
  start(): void;
  /** Resolves after the current step. */
  stop(): Promise<void>;
}

/**
 * A module whose task runs beside the requests, on connections of its own. It starts and stops with the service; stopping
 * takes at most one short step.
 */
export abstract class BackgroundTask
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #task: Task;
  readonly #pool: pg.Pool;
  #stopped: Promise<void> | undefined;

  constructor(task: Task, pool: pg.Pool) {
    this.#task = task;
    this.#pool = pool;
  }

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  /** Called while requests still drain, so that the shutdown need not wait for it afterwards. */
  beforeApplicationShutdown(): void {
    this.#stopped = this.#task.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stopped;
    await this.#pool.end();
  }
}
