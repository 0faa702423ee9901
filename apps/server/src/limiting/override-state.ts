/** The state of an override: SQL for a row `o` by the database's clock, and for a row that a change returned. */
import { type OverrideState, overrideState } from '@rollgate/limiter';

/** SQL conditions. `overrideState` of the limiter is the same rule. */
export const IN_STATE: Readonly<Record<OverrideState, string>> = {
  inForce: 'o.starts_at <= clock_timestamp() AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp())',
  upcoming: 'o.starts_at > clock_timestamp()',
  expired: 'o.expires_at <= clock_timestamp()',
};

/** SQL: the state as text. */
export const OVERRIDE_STATE = `CASE WHEN ${IN_STATE.expired} THEN 'expired' WHEN ${IN_STATE.upcoming} THEN 'upcoming' ELSE 'inForce' END`;

/** The state an override was in when a change left it as `row`. */
export function stateAfterChange(row: {
  readonly starts_at: Date;
  readonly expires_at: Date | null;
  readonly changed_at: Date;
}): OverrideState {
  const startsAtMs = row.starts_at.getTime();
  const expiresAtMs = row.expires_at?.getTime() ?? null;
  return overrideState({ startsAtMs, expiresAtMs }, row.changed_at.getTime());
}
