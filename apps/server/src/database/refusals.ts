/** Refusals raised by the database's functions: SQLSTATE RG404 corresponds to HTTP 404 (migrations/functions). */
import { refusalStatus } from '@rollgate/limiter';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Above the approval limit of the caller's role; an admin may do it. */
  readonly ceiling: boolean;
  /** The limits that the change would lower, if that must be confirmed. */
  readonly lowering: readonly Lowered[] | undefined;
}

/** A limit that a change lowers (`rollgate.lowering`). */
export interface Lowered {
  readonly api: string;
  readonly window: 'minute' | 'hour';
  /** Units in the window. */
  readonly from: number;
  readonly to: number;
  /** `hourBelowMinute`: nothing is lowered, but the minute limit can never be reached. */
  readonly why: 'lower' | 'blocked' | 'hourBelowMinute';
  /** ISO 8601; null: at once. */
  readonly at: string | null;
  /** The same as a sentence. */
  readonly text: string;
}

/** `error`: from the driver, or TypeORM's wrapper around it. undefined: the error is not a refusal by Rollgate. */
export function refusalOf(error: unknown): Refusal | undefined {
  const outer = (error ?? {}) as { driverError?: unknown };
  const spoken = (outer.driverError ?? outer) as { message?: unknown; detail?: unknown };
  const status = refusalStatus(spoken);
  if (status === undefined) return undefined;
  const ceiling = spoken.detail === 'ceiling';
  return {
    status,
    message: String(spoken.message),
    ceiling,
    lowering: ceiling ? undefined : loweringOf(spoken.detail),
  };
}

function loweringOf(detail: unknown): readonly Lowered[] | undefined {
  if (typeof detail !== 'string' || !detail.startsWith('{"lowering"')) return undefined;
  return (JSON.parse(detail) as { lowering: Lowered[] }).lowering;
}

export function isCeilingRefusal(error: unknown): boolean {
  return refusalOf(error)?.ceiling === true;
}
