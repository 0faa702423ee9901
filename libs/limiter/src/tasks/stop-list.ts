/** What must be stopped when a program closes, in the order in which it was started. */
import { TooLateError, within } from './within.js';

interface Stop {
  readonly stop: () => Promise<unknown> | unknown;
  readonly withinMs: number | undefined;
}

export class StopList {
  readonly #stops: Stop[] = [];

  /**
   * Adds a part that was started. `stop` has `withinMs` ms to finish (no limit by default). If it needs longer, the
   * list goes on to the next part, so that a database that does not answer can't delay a shutdown.
   */
  add(stop: Stop['stop'], { withinMs }: { withinMs?: number | undefined } = {}): void {
    this.#stops.push({ stop, withinMs });
  }

  /**
   * Stops all parts, the newest first, one after another. A part that fails does not keep the others from being
   * stopped.
   *
   * @throws the first error of a part, after all parts were stopped
   */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const { stop, withinMs } of this.#stops.splice(0).reverse()) {
      try {
        const stopping = (async () => await stop())();
        await (withinMs === undefined ? stopping : within(withinMs, stopping, 'it did not end'));
      } catch (error) {
        if (!(error instanceof TooLateError)) errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
