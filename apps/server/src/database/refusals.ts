/** Refusals that the database's functions speak: SQLSTATE RG404 is what HTTP calls 404 (migrations/functions). */
import { refusalStatus } from '@rollgate/limiter';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Above what the caller's role may grant: an admin may. */
  readonly ceiling: boolean;
}

/** `error`: of the driver, or TypeORM's around it. undefined: it is no refusal of ours. */
export function refusalOf(error: unknown): Refusal | undefined {
  const outer = (error ?? {}) as { driverError?: unknown };
  const spoken = (outer.driverError ?? outer) as { message?: unknown; detail?: unknown };
  const status = refusalStatus(spoken);
  if (status === undefined) return undefined;
  return { status, message: String(spoken.message), ceiling: spoken.detail === 'ceiling' };
}

export function isCeilingRefusal(error: unknown): boolean {
  return refusalOf(error)?.ceiling === true;
}
