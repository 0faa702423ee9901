/** Refusals that the database's functions speak: SQLSTATE RG404 is what HTTP calls 404 (migrations/003-policy.sql). */

export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Above what the caller's role may grant: an admin may. */
  readonly ceiling: boolean;
}

/** `error`: of the driver, or TypeORM's around it. undefined: it is no refusal of ours. */
export function refusalOf(error: unknown): Refusal | undefined {
  const outer = (error ?? {}) as { driverError?: unknown };
  const { code, message, detail } = (outer.driverError ?? outer) as {
    code?: unknown;
    message?: unknown;
    detail?: unknown;
  };
  const status = typeof code === 'string' ? /^RG(4\d\d)$/.exec(code)?.[1] : undefined;
  if (status === undefined) return undefined;
  return { status: Number(status), message: String(message), ceiling: detail === 'ceiling' };
}

export function isCeilingRefusal(error: unknown): boolean {
  return refusalOf(error)?.ceiling === true;
}
