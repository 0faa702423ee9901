/** Limit requests as rows of the database. */
import { leastDefaultOf } from '../../limiting/least-default.js';
import { type LimitColumns, limitView } from '../../limiting/stored-limit.js';
import type { RequestView } from './limit-requests.schemas.js';

/** The columns of `rollgate.limit_request`. */
export interface RequestColumns extends LimitColumns {
  readonly id: string;
  /** Limit requests are numbered in the order in which they were filed. */
  readonly number: string;
  readonly until: Date | null;
  readonly reason: string;
  readonly ticket: string | null;
  readonly denial_id: string | null;
  readonly denial: Record<string, unknown> | null;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly needs_admin: boolean;
  readonly state: RequestView['state'];
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly answer: string | null;
  readonly override_id: string | null;
  readonly version: number;
  readonly history_id: string;
}

/** A row of `REQUESTS`. */
export interface RequestRow extends RequestColumns {
  readonly past_due: boolean;
  readonly default_minute: number;
  readonly default_hour: number;
}

/** Limit requests with the lowest default in their scope. */
export const REQUESTS = `
  SELECT r.*, d.default_minute, d.default_hour, r.state = 'open' AND coalesce(r.until <= clock_timestamp(), false) AS past_due
  FROM rollgate.limit_request r
  ${leastDefaultOf('r')}`;

export function requestView(row: RequestRow): RequestView {
  return {
    id: row.id,
    ...limitView(row),
    until: row.until?.toISOString() ?? null,
    pastDue: row.past_due,
    reason: row.reason,
    ticket: row.ticket,
    denialId: row.denial_id,
    denial: row.denial,
    askedBy: row.asked_by,
    askedAt: row.asked_at.toISOString(),
    needsAdmin: row.needs_admin,
    state: row.state,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at?.toISOString() ?? null,
    answer: row.answer,
    overrideId: row.override_id,
    version: row.version,
    default: { perMinute: row.default_minute, perHour: row.default_hour },
  };
}
