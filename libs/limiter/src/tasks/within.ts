/** No answer in time. The work itself may still have an effect: the units of a call may have been written. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/**
 * Resolves to the result of `work`, or rejects with a TooLateError with the message `what` after `ms`. The work itself
 * continues.
 */
export async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLateError(`${what} within ${Math.round(ms)} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Handles the error of `within` where being too late is no failure. */
export function ignoreLate(error: unknown): void {
  if (!(error instanceof TooLateError)) throw error;
}

/** Keeps the process alive until `work` has ended, because background connections do not. */
export async function awake<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
