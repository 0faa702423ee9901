/** Contenders: everything that can decide whether one more call of a subject is allowed. */

export interface Limits {
  readonly perMinute: number;
  readonly perHour: number;
}

/** Limits so high that every call of a run is allowed, because allowed calls are the expensive ones. */
export const ADMIT_ALL: Limits = { perMinute: 1_000_000_000, perHour: 1_000_000_000 };

export interface ContenderOptions {
  /** Connection string of the contender's own database, if it counts in Postgres. */
  readonly databaseUrl: string;
  /** Port of Redis, if it counts there. */
  readonly redisPort: number;
  readonly limits: Limits;
  /** A simulated clock in Unix milliseconds. Rollgate only. */
  readonly clock?: () => number;
  /** `true`: decides by the default outage mode if the database is late, as an application does. Rollgate only. */
  readonly outage?: boolean;
}

/**
 * Postgres connections of each compared limiter: twice the default of `pg`. With more connections, more calls share one flush of the
 * log. Beyond this number they only wait for each other on two cores.
 */
export const PEER_CONNECTIONS = 20;

export interface Contender {
  /** Number of calls that the database did not decide in time. A contender that always waits for it leaves this out. */
  readonly withoutDatabase?: number;
  open(): Promise<void>;
  /** Requests one unit in both windows. Resolves to whether the call is allowed. */
  decide(account: string, subject: string): Promise<boolean>;
  close(): Promise<void>;
}
