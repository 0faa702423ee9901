/** What a failed statement says: that the database is in trouble, that the data was bad, or that the program is wrong. */

/** Definitely rolled back, for no fault of the request: the same again may succeed. */
const ROLLED_BACK = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available in time
  '57014', // statement cancelled, as by its timeout
  '53300', // too many connections: never begun
  '25006', // read-only: a standby
]);

/** No connection was free, or made, in time. */
const NEVER_ASKED = /when trying to connect|due to connection timeout/;

/** Classes of SQLSTATE that tell of the server, not of the request. */
const SERVER = /^(08|25006|40|53|55P03|57|58|XX)/;
const DATA = /^(22|23)/;

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** The database does not answer, not in time, or not now. Never: bad data, a denial, a mistake of the program. */
export function isOutage(error: unknown): boolean {
  if (error instanceof TooLateError || error instanceof DistrustedError) return true;
  const code = codeOf(error);
  if (/^[0-9A-Z]{5}$/.test(code)) return SERVER.test(code);
  // Without a SQLSTATE it is the connection's: refused, reset, timed out, ended.
  const { message } = (error ?? {}) as { message?: unknown };
  return code !== '' || /timeout|terminated|ended|closed|not queryable|ECONN/i.test(String(message));
}

/** One item of a batch may be to blame: nothing of the batch was written. */
export function isBadData(error: unknown): boolean {
  return DATA.test(codeOf(error));
}

/** Nothing of it can have been written: it may be asked again. */
export function isRolledBack(error: unknown): boolean {
  if (ROLLED_BACK.has(codeOf(error)) || codeOf(error) === 'ECONNREFUSED') return true;
  return NEVER_ASKED.test(String((error as Error | null)?.message));
}

/** No answer within the budget of a call. What was asked may have been written, and stays spent. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The answer was given by counts that can't be trusted whole. What it granted stays spent. */
export class DistrustedError extends Error {
  override readonly name = 'DistrustedError';
}
