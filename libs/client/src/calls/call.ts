import type { HeaderReader } from '../headers/limit-report.js';

/** A call of an API, in the form that the client needs to send it. `R` is the response of the HTTP library. */
export interface Call<R> {
  /** In upper case. */
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: HeaderReader;
  /** Whether it can be sent again. A body that is a stream can be read only once. */
  readonly canResend: boolean;
  /** Sends it. The signal is the caller's. */
  send(signal: AbortSignal | undefined): Promise<R>;
  /** Reads what the client needs of a response. */
  read(response: R): { readonly status: number; readonly headers: HeaderReader };
  /** Frees a response that is not read, because the call is sent again. */
  discard(response: R): void;
}

/** Options of a single call. */
export interface CallOptions {
  /**
   * A call of a higher priority goes first, 0 by default. It overtakes calls that were queued up to `priority` ×
   * `priorityMs` before it, so that no call waits forever.
   */
  readonly priority?: number;
  /** Units that the API counts for this call, 1 by default. */
  readonly cost?: number;
  /** Longest time in ms until the call is sent. Default: that of the client. */
  readonly maxWaitMs?: number;
  /** Ends the call, whether it waits or is in flight. */
  readonly signal?: AbortSignal;
  /** The call may be repeated after an unknown outcome, although its method is not safe and it has no `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Calls with the same key share limits. Default: the client's `limitKey`. */
  readonly limitKey?: string;
}

/** A denied call that will be sent again. */
export interface CallDenial {
  readonly method: string;
  readonly url: string;
  readonly limitKey: string;
  /** How often this call was denied so far. */
  readonly denials: number;
  /** `null`: the call is not sent again, and the caller gets the response. */
  readonly waitMs: number | null;
}
