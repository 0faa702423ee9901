/**
 * The interface of the storage that counts units. It has two implementations, tested by one conformance suite:
 * Postgres, and memory for application tests.
 *
 * Invariant: a batch contains each subject once. Equal calls of one subject are merged into one item with a number of
 * `calls`.
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

/** The units in both windows before the batch, and what was granted. Seconds are Unix seconds of the store's clock. */
export interface AcquireRow {
  /**
   * The second in which the item was decided and its grants are counted: the current one, or a later one if the clock
   * went back.
   */
  readonly second: number;
  /** How many of the calls were granted. They are the first ones of the item. */
  readonly granted: number;
  /** Units used before this item. */
  readonly minuteUsed: number;
  readonly hourUsed: number;
  /** When the oldest used unit leaves the window, after the grant. `null` if no unit is used. */
  readonly minuteResetAt: number | null;
  readonly hourResetAt: number | null;
  /**
   * When the first denied call can be allowed. `null` if it never can (its cost is above a limit), or if all calls were
   * granted.
   */
  readonly retryAt: number | null;
}

export interface AcquireResult {
  /** The store's clock at the decision, Unix ms. */
  readonly nowMs: number;
  /** One row for each item, in the order of the items. */
  readonly rows: readonly AcquireRow[];
  /**
   * Resolves when the grants of the batch are safe from a crash, and rejects when that is unknown: they then count as
   * spent. No caller may receive a grant before it resolves. Denials need not wait for it. `undefined`: nothing was
   * granted, or the grants are safe already.
   */
  readonly flushed?: Promise<void>;
}

/** A second and the units counted in it. */
export interface UsedSecond {
  readonly second: number;
  readonly units: number;
}

export interface SubjectCounts {
  readonly subject: string;
  /** The seconds of the hour window that hold units, oldest first. */
  readonly seconds: readonly UsedSecond[];
}

/** The stripe of a batch. All lanes of a batch belong to the same stripe. */
export function stripeOf(items: readonly AcquireItem[], stripes: number): number {
  return (items[0]?.lane ?? 0) % stripes;
}

/** The items by their lanes. */
export function byLane<Item extends { readonly lane: number }>(batch: readonly Item[]): Item[][] {
  const lanes = new Map<number, Item[]>();
  for (const item of batch) {
    const lane = lanes.get(item.lane);
    if (lane === undefined) lanes.set(item.lane, [item]);
    else lane.push(item);
  }
  return [...lanes.values()];
}

/** Counts units and decides batches. Its methods reject when the store can't answer. */
export interface Store {
  /**
   * Decides the items and counts what was granted. With `durable`, the grants are safe from a crash when the batch is
   * answered.
   */
  acquire(items: readonly AcquireItem[], options?: { readonly durable?: boolean }): Promise<AcquireResult>;
  /** Checks that grants can be made safe. Left out by stores whose grants are safe when a batch is answered. */
  flush?(): Promise<void>;
  /** The counts of these subjects, in the same order. It spends and writes nothing. */
  peek(lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }>;
  /**
   * Subjects whose key starts with `prefix` and that have units in the hour window, in key order, starting after
   * `after`, at most `limit`.
   */
  list(lane: number, page: { prefix: string; after: string; limit: number }): Promise<string[]>;
  /** Takes back units granted in that second. Resolves to the number of units that were found and taken back. */
  refund(lane: number, grant: { subject: string; second: number; units: number }): Promise<number>;
  /** Empties both windows of the subject. Past usage stays on record. */
  reset(lane: number, subject: string): Promise<void>;
  close(): Promise<void>;
}
