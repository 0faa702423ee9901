/**
 * Runs a task once at a time. Callers that arrive while it runs receive the result of that run instead of starting
 * another one.
 */
export class SingleFlight<Result> {
  readonly #running = new Map<unknown, Promise<Result>>();

  /**
   * Starts `task`, or joins the run in progress. Tasks with different keys run independently.
   *
   * @returns the result of the run. If the task fails, every caller of that run receives its error.
   */
  run(task: () => Promise<Result>, key?: string | number): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = task().finally(() => {
      if (this.#running.get(key) === started) this.#running.delete(key);
    });
    this.#running.set(key, started);
    return started;
  }

  /** The run in progress; `undefined` if there is none. */
  current(key?: string | number): Promise<Result> | undefined {
    return this.#running.get(key);
  }

  /** Leaves the runs in progress to their callers. The next call starts a new one. */
  detachAll(): void {
    this.#running.clear();
  }
}
