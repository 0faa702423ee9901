/** How long a call may take in all, and what of it each step may use. */

export interface Budget {
  /** From the call's entry to its decision. */
  readonly callMs: number;
  /** For a connection of the pool. */
  readonly poolMs: number;
  /** For the lanes' locks. */
  readonly lockMs: number;
  /** Of the statement, kept by the server. */
  readonly statementMs: number;
  /** Of the statement, kept here: after it the connection is destroyed, for nobody knows what it is about. */
  readonly clientMs: number;
}

export const DEFAULT_BUDGET_MS = 150;

/** The parts of 150 ms are 40, 40, 80 and 120; of another budget in proportion. @throws RangeError under 10 ms */
export function budgetOf(callMs: number): Budget {
  if (!(callMs >= 10 && callMs <= 60_000)) throw new RangeError('budgetMs: must be from 10 to 60,000');
  const part = (share: number) => Math.max(1, Math.round((callMs * share) / DEFAULT_BUDGET_MS));
  return { callMs, poolMs: part(40), lockMs: part(40), statementMs: part(80), clientMs: part(120) };
}
