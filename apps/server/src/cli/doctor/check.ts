/** `warning`: Rollgate works, but a risk is open. `error`: it does not work, or a promise does not hold. */
export type CheckStatus = 'ok' | 'warning' | 'error';

/** One finding. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What follows from it; only where something is wrong. */
  readonly meaning?: string;
  /** What to do: SQL statements or commands, one an entry; only where something is wrong. */
  readonly remedy?: readonly string[];
  /** The same for machines. Units are in the names. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** The worst of several. */
export function worst(statuses: readonly CheckStatus[]): CheckStatus {
  if (statuses.includes('error')) return 'error';
  return statuses.includes('warning') ? 'warning' : 'ok';
}
