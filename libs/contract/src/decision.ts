import type { Window } from './units.js';

/** One window as a decision saw it. Units; after the grant when allowed. */
export interface WindowState {
  readonly limit: number;
  readonly used: number;
  /** `limit - used`, never below 0. */
  readonly remaining: number;
  /** Until the next used unit leaves the window. `null` when none is used. */
  readonly resetAfterMs: number | null;
}

/** Where a limit came from: the catalogue, or an override's id. */
export type LimitSource = 'default' | (string & {});

/**
 * How a decision was made. `shadow`: nothing is denied; what would have been is in `violated` and `deniedBy`. `fallback_…`:
 * without the database, by this node alone; its limits and counts are the node's own.
 */
export type DecisionMode = 'enforced' | 'shadow' | 'fallback_allowed' | 'fallback_denied';

/** The answer to one acquire. A denial is a value, never an exception. */
export interface Decision {
  /** Names this decision in logs, problem bodies and the audit trail. */
  readonly id: string;
  readonly allowed: boolean;
  readonly account: string;
  readonly api: string;
  readonly group: string;
  /** The counted subject, e.g. `acme/publish-bot/bot=b-17`. */
  readonly subject: string;
  readonly cost: number;
  readonly windows: Readonly<Record<Window, WindowState>>;
  /** The windows that had no room, `[]` when there was room. Allowed all the same in `shadow` mode, and nothing was spent. */
  readonly violated: readonly Window[];
  /** The window to blame: `hour` when the hour is spent, whatever the minute says. `null` when there was room. */
  readonly deniedBy: Window | null;
  /**
   * Earliest time at which this cost can fit if nobody else spends: 0 when there was room, `null` when never (the cost is
   * above the limit).
   */
  readonly retryAfterMs: number | null;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  /** The database's clock at the decision, Unix ms. */
  readonly decidedAtMs: number;
}

/** So many units leave a window at that time from now. */
export interface Release {
  readonly afterMs: number;
  readonly units: number;
}

/** A window looked at without spending, with its release schedule, soonest first. */
export interface WindowUsage extends WindowState {
  readonly releases: readonly Release[];
}

/** A subject looked at without spending. */
export interface SubjectUsage {
  readonly account: string;
  readonly api: string;
  readonly group: string;
  readonly subject: string;
  /** The dimensions that make the subject, e.g. `{ bot: 'b-17' }`. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly windows: Readonly<Record<Window, WindowUsage>>;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  readonly atMs: number;
}
