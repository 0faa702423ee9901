/**
 * What a failed statement means: that a caller's own data was refused, or that the database does not decide. There is no
 * third case. A login that is refused, a right that was revoked, a function that is missing keep the database from deciding
 * as much as a network that is down: the API's outage mode decides then, and the reason is reported.
 */

/** Definitely rolled back, for no fault of the request: the same again may succeed. */
const ROLLED_BACK = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available in time
  '57014', // statement cancelled, as by its timeout
  '57P05', // the session was idle for too long: the statement came too late to begin
  '53300', // too many connections: never begun
  '25006', // read-only: a standby
]);

/** The driver refuses a statement on a connection that it knows to be lost. */
const NEVER_SENT = /is not queryable|was closed and is not/;

/** Classes of SQLSTATE about the values of a statement. */
const DATA = /^(22|23)/;

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Postgres has answered, so the connection is in order. */
export function hasSqlState(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error));
}

/** The database did not decide, for whatever reason but the data of the request. */
export function isOutage(error: unknown): boolean {
  return !isBadData(error);
}

/** One item of a batch may be to blame: nothing of the batch was written. */
export function isBadData(error: unknown): boolean {
  return hasSqlState(error) && DATA.test(codeOf(error));
}

/** Nothing of it can have been written: it may be sent again. */
export function isRolledBack(error: unknown): boolean {
  if (error instanceof NotAskedError || ROLLED_BACK.has(codeOf(error))) return true;
  return NEVER_SENT.test(String((error as Error | null)?.message));
}

/** No connection was to be had, so nothing was sent. */
export class NotAskedError extends Error {
  override readonly name = 'NotAskedError';
}

/** No answer within the budget of a call. What was asked may have been written, and stays spent. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The store's answer contradicts the question or itself. No decision is made of it; what it granted stays spent. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
  constructor(what: string) {
    super(`the store gave a broken answer: ${what}`);
  }
}

/** The answer was given by counts that can't be trusted whole. What it granted stays spent. */
export class DistrustedError extends Error {
  override readonly name = 'DistrustedError';
}
