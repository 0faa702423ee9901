/** Overrides as rows of the database. */
import { leastDefaultOf } from '../../limiting/least-default.js';
import { OVERRIDE_STATE } from '../../limiting/override-state.js';
import { type LimitColumns, limitView } from '../../limiting/stored-limit.js';
import type { OverrideView } from './overrides.schemas.js';

/** The columns of `rollgate.override`. */
export interface OverrideColumns extends LimitColumns {
  readonly id: string;
  readonly extra_minute: number | null;
  readonly extra_hour: number | null;
  readonly mode: 'enforced' | 'shadow' | null;
  readonly starts_at: Date;
  readonly expires_at: Date | null;
  readonly reason: string;
  readonly ticket: string | null;
  readonly created_by: string;
  readonly created_at: Date;
  readonly changed_at: Date;
  /** The limit request that it was created for. */
  readonly request_id: string | null;
  readonly version: number;
  readonly created_in: string;
  readonly changed_in: string;
  readonly history_id: string;
}

/** A row of `OVERRIDES`. */
export interface OverrideRow extends OverrideColumns {
  readonly state: OverrideView['state'];
  readonly default_minute: number;
  readonly default_hour: number;
  readonly first_used_at: Date | null;
  readonly last_used_at: Date | null;
  readonly peak_minute: number | null;
  readonly peak_hour: number | null;
  readonly needed_at: Date | null;
}

/** Overrides with their state by the database's clock, the lowest default in their scope, and their use. */
export const OVERRIDES = `
  SELECT o.*, d.default_minute, d.default_hour, u.first_used_at, u.last_used_at, u.peak_minute, u.peak_hour, u.needed_at,
         ${OVERRIDE_STATE} AS state
  FROM (SELECT clock_timestamp() AS now) clock
  CROSS JOIN rollgate.override o
  LEFT JOIN rollgate.override_use u ON u.override_id = o.id
  ${leastDefaultOf('o')}`;

export function overrideView(row: OverrideRow): OverrideView {
  return {
    id: row.id,
    ...limitView(row),
    extraMinute: row.extra_minute,
    extraHour: row.extra_hour,
    mode: row.mode,
    startsAt: row.starts_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    state: row.state,
    reason: row.reason,
    ticket: row.ticket,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    limitRequestId: row.request_id,
    version: row.version,
    policyVersion: Number(row.changed_in),
    default: { perMinute: row.default_minute, perHour: row.default_hour },
    use:
      row.first_used_at === null || row.last_used_at === null
        ? null
        : {
            firstUsedAt: row.first_used_at.toISOString(),
            lastUsedAt: row.last_used_at.toISOString(),
            peakMinute: row.peak_minute ?? 0,
            peakHour: row.peak_hour ?? 0,
            neededAt: row.needed_at?.toISOString() ?? null,
          },
  };
}
