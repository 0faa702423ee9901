/** One sending of a call. A call that is retried has several. */
export interface Attempt {
  readonly route: string;
  readonly cost: number;
  readonly sentMs: number;
  /** Sendings and responses share one count, which tells their order even within a millisecond. */
  readonly sentOrder: number;
  /** `null` while it is in flight. */
  receivedMs: number | null;
  receivedOrder: number | null;
}

/** What became of an attempt. `unknown`: no response arrived, so it may have been counted. */
export type AttemptEnd = 'answered' | 'denied' | 'unknown';

export function totalCost(attempts: readonly Attempt[]): number {
  return attempts.reduce((sum, { cost }) => sum + cost, 0);
}

export const isInFlight = ({ receivedMs }: Attempt): boolean => receivedMs === null;
