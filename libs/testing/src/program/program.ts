import { UsageError } from './options.js';

/** A terminal signals this process and the npm script that runs it, which forwards the signal. Both belong to one Ctrl-C. */
const SAME_KEY_PRESS_MS = 1_000;

/** A program that is run by hand, starts servers and processes, and stops them when it is interrupted. */
export class Program {
  #stoppingSince: number | undefined;

  get isStopping(): boolean {
    return this.#stoppingSince !== undefined;
  }

  /** Runs `main` and resolves to the exit code: 2 for a wrong command line, 1 for an error, 130 after an interruption. */
  async run(main: () => Promise<number>): Promise<number> {
    try {
      return await main();
    } catch (error) {
      // Stopping makes work in progress fail. That is expected, so the error is not reported.
      if (this.isStopping) return 130;
      if (!(error instanceof UsageError) && process.env['ROLLGATE_TRACE'] !== undefined) console.error(error);
      console.error(`rollgate: ${(error as Error).message}`);
      return error instanceof UsageError ? 2 : 1;
    }
  }

  /** At the first Ctrl-C, calls `close` and exits. A second Ctrl-C exits at once; watchdogs then stop the servers. */
  closeOnSignals(close: () => Promise<void>): void {
    const stop = (): void => {
      const now = performance.now();
      if (this.#stoppingSince !== undefined) {
        if (now - this.#stoppingSince < SAME_KEY_PRESS_MS) return;
        process.exit(130);
      }
      this.#stoppingSince = now;
      process.stderr.write('\nStopping …\n');
      void close().finally(() => process.exit(130));
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  }
}
