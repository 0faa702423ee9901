/** Tells whether a program's own statement failed because of the database or because of the data sent. */

import { TooLateError } from '../tasks/within.js';
import { LimiterUnavailableError } from './outage.js';

/**
 * SQLSTATE classes and codes: connection, sign-in, resources, operator intervention, standby, cancelled, lock timeout,
 * database not accepting connections.
 */
const AWAY = /^(08|28|53|57|58|XX|3D000|25006|55P03|55000)/;
const NETWORK = /^(ECONN\w+|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN)$/;
/** Messages of driver errors that have no code. */
const DRIVER =
  /timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|Connection ended|is not queryable|connection error and is not|was closed and is not|Cannot use a pool after calling end/i;

const DEEPEST_CAUSE = 8;

/**
 * Whether an error of `pg`, or of a library around it, means that the database does not respond, rejects connections,
 * or is shutting down. A program should answer 503 then. The properties `driverError`, `cause` and `errors` are
 * searched. Returns `false` for a statement that the database rejected because of its data, and for every other error.
 */
export function isDatabaseAway(error: unknown): boolean {
  return isAway(error, DEEPEST_CAUSE);
}

function isAway(error: unknown, depth: number): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false;
  if (error instanceof LimiterUnavailableError || error instanceof TooLateError) return true;
  const { code, message, driverError, cause, errors } = error as Record<string, unknown>;
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !NETWORK.test(code)) return AWAY.test(code);
  if (typeof code === 'string' && NETWORK.test(code)) return true;
  if (DRIVER.test(String(message))) return true;
  const within = [driverError, cause, ...(Array.isArray(errors) ? errors : [])];
  return within.some((inner) => isAway(inner, depth - 1));
}
