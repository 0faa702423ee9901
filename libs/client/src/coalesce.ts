/** Equal calls that are under way at the same time become one, whose response every caller gets. */
import type { CallOptions } from './calls/call.js';
import { CallAbortedError, WaitTooLongError } from './errors.js';

interface Shared<R> {
  readonly response: Promise<R>;
  readonly controller: AbortController;
  callers: number;
}

export interface SharedCall<R> {
  /** Equal calls have equal keys. */
  readonly key: string;
  readonly options: CallOptions;
  run(options: CallOptions): Promise<R>;
  /** A copy for one caller, so that each can read the body. The last one may take the response itself. */
  copy(response: R, isLast: boolean): R;
}

export class Coalescer<R> {
  readonly #shared = new Map<string, Shared<R>>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The call ends early only if all of its callers have aborted. */
  async run(call: SharedCall<R>): Promise<R> {
    const { signal, priority = 0, maxWaitMs } = call.options;
    if (signal?.aborted) throw new CallAbortedError(signal.reason);
    const key = JSON.stringify([call.key, priority, call.options.cost, call.options.limitKey, maxWaitMs]);
    const startMs = this.#nowMs();
    const joined = this.#shared.get(key);
    const shared = joined ?? this.#start(key, call);
    shared.callers += 1;
    try {
      const response = await orAborted(shared.response, signal);
      return call.copy(response, shared.callers === 1);
    } catch (error) {
      // The call that was joined began earlier, so its time was over earlier.
      if (!joined || !(error instanceof WaitTooLongError)) throw error;
      const leftMs = error.maxWaitMs - (this.#nowMs() - startMs);
      return await call.run({ ...call.options, maxWaitMs: Math.max(0, leftMs) });
    } finally {
      shared.callers -= 1;
      if (shared.callers === 0 && this.#shared.get(key) === shared) {
        this.#shared.delete(key);
        shared.controller.abort();
      }
    }
  }

  #start(key: string, call: SharedCall<R>): Shared<R> {
    const controller = new AbortController();
    const response = call.run({ ...call.options, signal: controller.signal });
    const shared = { response, controller, callers: 0 };
    this.#shared.set(key, shared);
    const end = (): void => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    };
    response.then(end, end);
    return shared;
  }
}

/** Rejects as soon as this caller aborts, whatever the others do. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new CallAbortedError(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
