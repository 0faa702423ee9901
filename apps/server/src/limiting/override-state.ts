/** The state of an override: SQL for a row `o` by the database's clock, and for a row that a change returned. */
import { type OverrideState, overrideState } from '@rollgate/limiter';

/** SQL: the state as text at `clock.now`. `overrideState` of the limiter is the same rule. */
export const OVERRIDE_STATE = 'rollgate.override_state(o.starts_at, o.expires_at, clock.now)';

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
