import type { Window } from './units.js';

/** The state of one window at a decision, in units. If the call was allowed, its units are included. */
export interface WindowState {
  readonly limit: number;
  readonly used: number;
  /** `limit - used`, never below 0. */
  readonly remaining: number;
  /** Milliseconds until the next used unit leaves the window; `null` when no unit is used. */
  readonly resetAfterMs: number | null;
}

/** Where a limit comes from: `default` (the catalogue), `plan:<id>`, or the ID of an override. */
export type LimitSource = 'default' | `plan:${string}` | (string & {});

/**
 * How a decision was made. `shadow`: every call is allowed; `violated` and `deniedBy` show what enforcement would have denied.
 * `fallback_…`: made by this instance without the database; limits and counts are those of the instance.
 */
export type DecisionMode = 'enforced' | 'shadow' | 'fallback_allowed' | 'fallback_denied';

/** The result of one `acquire`. A denial is a value, never an exception. */
export interface Decision {
  /** Identifies this decision in logs, problem bodies and limit events. */
  readonly id: string;
  readonly allowed: boolean;
  readonly account: string;
  readonly api: string;
  readonly group: string;
  /** The counted subject, e.g. `acme/publish-bot/bot=b-17`. */
  readonly subject: string;
  readonly cost: number;
  readonly windows: Readonly<Record<Window, WindowState>>;
  /**
   * The windows with too few free units, `[]` when the cost fit. In `shadow` mode the call is allowed anyway and spends
   * nothing.
   */
  readonly violated: readonly Window[];
  /**
   * The window that caused the denial: `hour` whenever the hour has too few free units, otherwise `minute`. `null` when the
   * cost fit.
   */
  readonly deniedBy: Window | null;
  /**
   * Milliseconds until this cost can fit if no other call spends units: 0 when it fit, `null` when it never will (the cost
   * is above the limit).
   */
  readonly retryAfterMs: number | null;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  /** The database's clock at the decision, in Unix milliseconds. */
  readonly decidedAtMs: number;
}

/** `units` units leave a window `afterMs` milliseconds from now. */
export interface Release {
  readonly afterMs: number;
  readonly units: number;
}

/** The usage of one window, with the schedule by which its units are released, soonest first. */
export interface WindowUsage extends WindowState {
  readonly releases: readonly Release[];
}

/** The usage of one subject, read without spending units. `atMs` is the database's clock in Unix milliseconds. */
export interface SubjectUsage {
  readonly account: string;
  readonly api: string;
  readonly group: string;
  readonly subject: string;
  /** The dimensions that form the subject, e.g. `{ bot: 'b-17' }`. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly windows: Readonly<Record<Window, WindowUsage>>;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  readonly atMs: number;
}
