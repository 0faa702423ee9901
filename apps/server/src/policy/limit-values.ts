/** The limits that a change sets, as its input names them and as the SQL functions do. */

/** Limits in units; null: the default. What is left out (undefined) stays as it is. */
export interface LimitValues {
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
  readonly factor?: number | null | undefined;
}

export interface OverrideValues extends LimitValues {
  /** Extra units. */
  readonly extraMinute?: number | null | undefined;
  readonly extraHour?: number | null | undefined;
  readonly mode?: 'enforced' | 'shadow' | null | undefined;
  readonly startsAt?: string | undefined;
  /** null: permanent. */
  readonly expiresAt?: string | null | undefined;
  readonly ticket?: string | null | undefined;
  readonly allowLowering?: boolean | undefined;
}

export function limitColumns({ perMinute, perHour, factor }: LimitValues) {
  return { per_minute: perMinute, per_hour: perHour, factor };
}

/** JSON leaves out what is undefined. */
export function overrideColumns({
  extraMinute,
  extraHour,
  mode,
  startsAt,
  expiresAt,
  ticket,
  allowLowering,
  ...limits
}: OverrideValues) {
  return {
    ...limitColumns(limits),
    extra_minute: extraMinute,
    extra_hour: extraHour,
    mode,
    starts_at: startsAt,
    expires_at: expiresAt,
    ticket,
    allow_lowering: allowLowering,
  };
}
