/** Whatever can be asked whether one more call of a subject fits. */

export interface Limits {
  readonly perMinute: number;
  readonly perHour: number;
}

/** High enough that every call of a run is admitted: a grant is what costs. */
export const ADMIT_ALL: Limits = { perMinute: 1_000_000_000, perHour: 1_000_000_000 };

export interface ContenderOptions {
  /** A database of the contender's own, where it counts in Postgres. */
  readonly databaseUrl: string;
  /** Where it counts in Redis. */
  readonly redisPort: number;
  readonly limits: Limits;
  /** Unix ms, for runs on a simulated clock. Rollgate only. */
  readonly clock?: () => number;
}

/**
 * Connections of a peer to Postgres: twice the default of `pg`. More calls at once share a flush of the log; beyond that,
 * on two cores, they only wait for each other.
 */
export const PEER_CONNECTIONS = 20;

export interface Contender {
  open(): Promise<void>;
  /** One unit in both windows. Resolves to whether it was admitted. */
  decide(account: string, subject: string): Promise<boolean>;
  close(): Promise<void>;
}
