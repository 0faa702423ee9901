/**
 * Classifies failed statements: either the caller's own data was rejected, or the database does not decide. There is no
 * third case. A rejected login, a revoked privilege or a missing function prevents decisions just as a broken network
 * does, so the API's outage mode applies and the reason is reported.
 */

/** The lock was not available within `lock_timeout`. */
const LOCK_TIMEOUT = '55P03';
/** The statement was canceled, for example by its timeout. */
const CANCELED = '57014';

/** Definitely rolled back, and not because of the call's data. Sending the statement again may succeed. */
const ROLLED_BACK = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  LOCK_TIMEOUT,
  CANCELED,
  '57P05', // the session was idle for too long, and the statement arrived too late to start
  '53300', // too many connections, so the statement never started
  '25006', // read-only, as on a standby
]);

/** Driver errors for a statement on a connection that is known to be lost. */
const NEVER_SENT = /is not queryable|was closed and is not/;

/** SQLSTATE classes about the values of a statement. */
const DATA = /^(22|23)/;

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Whether Postgres answered, which means that the connection still works. */
export function hasSqlState(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error));
}

/** Whether the database did not decide for a reason other than the call's data. */
export function isOutage(error: unknown): boolean {
  return !isBadData(error);
}

/** Whether the data of one item may have caused the failure. Nothing of the batch was written. */
export function isBadData(error: unknown): boolean {
  return hasSqlState(error) && DATA.test(codeOf(error));
}

/**
 * Whether the batch waited in line for something that works: the lock of a lane that other batches hold, or a connection
 * of this instance that its other batches use. Nothing was written.
 */
export function isQueued(error: unknown): boolean {
  return codeOf(error) === LOCK_TIMEOUT || error instanceof NoFreeConnectionError;
}

/** Whether Postgres canceled the statement, for example by `statement_timeout`. */
export function isCanceled(error: unknown): boolean {
  return codeOf(error) === CANCELED;
}

/** Whether nothing can have been written, so that the statement may be sent again. */
export function isRolledBack(error: unknown): boolean {
  if (error instanceof NotAskedError || ROLLED_BACK.has(codeOf(error))) return true;
  return NEVER_SENT.test(String((error as Error | null)?.message));
}

/** No connection was available, so nothing was sent. */
export class NotAskedError extends Error {
  override readonly name: string = 'NotAskedError';
}

/** All connections are open, and other batches used them for the whole time. */
export class NoFreeConnectionError extends NotAskedError {
  override readonly name = 'NoFreeConnectionError';
}
