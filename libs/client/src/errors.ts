/** Why a call ended without a response from the API. Compare `code` where several copies of this package may be loaded. */
export type CallErrorCode = 'QUEUE_FULL' | 'WAIT_TOO_LONG' | 'ABORTED' | 'CLIENT_CLOSED';

/** The call was not answered, for a reason of this client. Errors of the network are passed on as they are. */
export abstract class CallError extends Error {
  abstract readonly code: CallErrorCode;
}

/** `maxQueue` calls are waiting already. The call was not sent. */
export class QueueFullError extends CallError {
  override readonly name = 'QueueFullError';
  readonly code = 'QUEUE_FULL';

  constructor(readonly maxQueue: number) {
    super(`The queue is full: ${maxQueue} calls are waiting.`);
  }
}

/** The limits do not allow the call within its `maxWaitMs`. The call was not sent. */
export class WaitTooLongError extends CallError {
  override readonly name = 'WaitTooLongError';
  readonly code = 'WAIT_TOO_LONG';

  /** `readyInMs`: shortest time until the limits allow the call, if that is known. */
  constructor(
    readonly maxWaitMs: number,
    readonly readyInMs: number | null,
  ) {
    const known = readyInMs === null ? '' : ` The limits allow it in ${Math.ceil(readyInMs)} ms at the earliest.`;
    super(`The call would wait longer than ${maxWaitMs} ms.${known}`);
  }
}

/** The caller's AbortSignal was aborted. `cause` is its reason. The call may have been sent. */
export class CallAbortedError extends CallError {
  override readonly name = 'AbortError';
  readonly code = 'ABORTED';

  constructor(reason: unknown) {
    super('The call was aborted.', { cause: reason });
  }
}

/** `close()` was called before the call was sent. */
export class ClientClosedError extends CallError {
  override readonly name = 'ClientClosedError';
  readonly code = 'CLIENT_CLOSED';

  constructor() {
    super('The client is closed.');
  }
}
