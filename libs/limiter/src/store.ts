/**
 * What a limiter needs of the place that counts. Two implementations, held to one conformance suite: Postgres, and
 * memory for tests of applications.
 *
 * Invariant: a batch holds each subject once. `calls` equal calls of one subject are one item.
 */

/** `calls` calls of `cost` units each, of one subject, under these limits. */
export interface AcquireItem {
  readonly subject: string;
  readonly lane: number;
  readonly cost: number;
  readonly calls: number;
  readonly perMinute: number;
  readonly perHour: number;
}

/** The window sums before the batch, and what was granted. Seconds are Unix seconds of the store's clock. */
export interface AcquireRow {
  /** The second in which the item was decided and its grants are counted: now, or later where the clock went back. */
  readonly second: number;
  /** How many of the calls were granted, the first ones. */
  readonly granted: number;
  /** Units used before this item. */
  readonly minuteUsed: number;
  readonly hourUsed: number;
  /** When the oldest used unit leaves, after the grant. `null`: none is used. */
  readonly minuteResetAt: number | null;
  readonly hourResetAt: number | null;
  /** When the first call not granted can fit. `null`: never (its cost is above a limit), or all were granted. */
  readonly retryAt: number | null;
}

export interface AcquireResult {
  /** The store's clock at the decision, Unix ms. */
  readonly nowMs: number;
  /** One row an item, in the items' order. */
  readonly rows: readonly AcquireRow[];
}

/** One second with units in it, oldest first. */
export interface UsedSecond {
  readonly second: number;
  readonly units: number;
}

export interface SubjectCounts {
  readonly subject: string;
  /** The seconds of the hour window that hold units, oldest first. */
  readonly seconds: readonly UsedSecond[];
}

/** The stripe of a batch: each of its lanes is of the same one. */
export function stripeOf(items: readonly AcquireItem[], stripes: number): number {
  return (items[0]?.lane ?? 0) % stripes;
}

export interface Store {
  acquire(items: readonly AcquireItem[]): Promise<AcquireResult>;
  /** The counts of these subjects, in their order. Spends and writes nothing. */
  peek(lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }>;
  /** Subjects whose key starts so and that have units in the hour window, in key order, `limit` at most, after `after`. */
  list(lane: number, page: { prefix: string; after: string; limit: number }): Promise<string[]>;
  /** Takes units granted in that second back. Resolves to how many were found and taken. */
  refund(lane: number, grant: { subject: string; second: number; units: number }): Promise<number>;
  /** Empties both windows of the subject. The past stays recorded. */
  reset(lane: number, subject: string): Promise<void>;
  close(): Promise<void>;
}
