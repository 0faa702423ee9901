/** `warning`: Rollgate works, but there is a risk. `error`: it does not work, or it cannot keep a guarantee. */
export type CheckStatus = 'ok' | 'warning' | 'error';

/** One finding. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** The consequence; only if something is wrong. */
  readonly meaning?: string;
  /** The remedy: SQL statements or commands, one per entry; only if something is wrong. */
  readonly remedy?: readonly string[];
  /** What to know or set here; also if nothing is wrong. */
  readonly advice?: readonly string[];
  /** The same for programs. Names include their units. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** The worst status of several. */
export function worst(statuses: readonly CheckStatus[]): CheckStatus {
  if (statuses.includes('error')) return 'error';
  return statuses.includes('warning') ? 'warning' : 'ok';
}
