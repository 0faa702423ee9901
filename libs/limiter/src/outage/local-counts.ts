/**
 * Counts in memory the units that an instance grants while the database is unavailable, and debits the database when it
 * is back.
 *
 * Invariants: for each subject at most floor(N / 2M) units are granted in any window, where M is the number of
 * instances that the database counts, so all instances together allow half a limit on top of what the database granted:
 * at most 1.5 N in a window that touches an outage, whatever the number of outages; an instance that the others do not
 * count yet has no share; memory is bounded, and when it is full a new subject is denied instead of an old one
 * forgotten.
 */
import type { Limits } from '@rollgate/contract';
import { MemoryStore } from '../store/memory-store.js';
import type { AcquireItem, AcquireResult } from '../store/store.js';

const MOST_SUBJECTS = 50_000;
/** The limit for debits, which must always be accepted because the units are already spent. */
const NO_LIMIT = 2_147_483_647;
const MOST_COST = 1_000_000_000;
const CLEAN_EVERY_MS = 10_000;
/** How long a unit counts in the minute window. */
const MINUTE_MS = 61_000;

/** Units of a subject that the database does not know. There is at least one. */
interface Debt {
  readonly lane: number;
  units: number;
}

interface DebtsOfBatch {
  readonly ofLane: (lane: number) => boolean;
  readonly others: number;
  /** Largest number of debits in a batch. */
  readonly most: number;
}

export class LocalCounts {
  /**
   * Debited units stay counted here: otherwise a database that fails intermittently would give the instance a new share
   * each time.
   */
  readonly #store: MemoryStore;
  readonly #clock: () => number;
  readonly #atLeast: number;
  #instances: number | undefined;
  /** The smallest divisor of a grant that still counts in the minute window, and the time of the last grant. */
  #dividedBy = Number.POSITIVE_INFINITY;
  #grantedAt = Number.NEGATIVE_INFINITY;
  #cleanedAt = Number.NEGATIVE_INFINITY;
  #onDebt: (lane: number) => void = () => undefined;
  /** Granted units not yet debited from the database. */
  readonly #granted = new Map<string, Debt>();

  /** `atLeast` is the smallest divisor, even if the database counts fewer instances. `clock` returns Unix ms. */
  constructor({ clock, atLeast = 1 }: { clock: () => number; atLeast?: number | undefined }) {
    this.#clock = clock;
    this.#atLeast = atLeast;
    this.#store = new MemoryStore({ clock });
  }

  /** The number of subjects with units not yet debited. */
  get subjects(): number {
    return this.#granted.size;
  }

  /** `onDebt` is called with the lane of each subject that gets its first unit to debit. */
  whenInDebt(onDebt: (lane: number) => void): void {
    this.#onDebt = onDebt;
  }

  /**
   * The divisor to report to the database. While grants that were made with a smaller divisor still count in the
   * minute, it is that smaller one, so that a new instance gets no share of units already granted. `undefined` if this
   * instance has no share.
   */
  get counted(): number | undefined {
    if (this.#instances === undefined || !this.#hasGrantedLately()) return this.#instances;
    return Math.min(this.#dividedBy, this.#instances);
  }

  /**
   * Sets the number of instances that the database counts. `null` if not all others count this instance yet; its
   * previous share then stays.
   */
  divideBy(instances: number | null): void {
    if (instances !== null) this.#instances = Math.max(instances, this.#atLeast);
  }

  /** This instance's share of a limit; `undefined` if it has none. */
  limitsOf({ perMinute, perHour }: Limits): Limits | undefined {
    const instances = this.#instances;
    if (instances === undefined) return undefined;
    const part = (limit: number) => Math.floor(limit / 2 / instances);
    return { perMinute: part(perMinute), perHour: part(perHour) };
  }

  /** Decides an item under exactly these limits. `undefined` if there is no room to count another subject. */
  acquire(item: AcquireItem): AcquireResult | undefined {
    if (!this.#hasPlaceFor(item.subject)) return undefined;
    const result = this.#store.acquireNow([item]);
    const granted = result.rows[0]?.granted ?? 0;
    if (granted > 0) this.#noteGrant(item, granted * item.cost);
    return result;
  }

  /** Notes granted units that are not otherwise counted here. */
  note({ subject, lane, units }: { subject: string; lane: number; units: number }): void {
    const before = this.#granted.get(subject);
    if (before) {
      before.units += units;
      return;
    }
    this.#granted.set(subject, { lane, units });
    this.#onDebt(lane);
  }

  /** Whether units of these lanes are not yet debited. */
  owes(ofLane: (lane: number) => boolean): boolean {
    for (const { lane } of this.#granted.values()) if (ofLane(lane)) return true;
    return false;
  }

  /** The debits of the subjects of these items, and of at most `others` other subjects of these lanes, in batches. */
  debtsOf(items: readonly AcquireItem[], { ofLane, others, most }: DebtsOfBatch): AcquireItem[][] {
    const debits = new Map<string, AcquireItem>();
    const add = (subject: string, debt: Debt | undefined) => debt && debits.set(subject, debitOf(subject, debt));
    for (const { subject } of items) add(subject, this.#granted.get(subject));
    const enough = debits.size + others;
    for (const [subject, debt] of this.#granted) {
      if (debits.size >= enough) break;
      if (ofLane(debt.lane)) add(subject, debt);
    }
    return inBatches([...debits.values()], most);
  }

  /** Marks debits as written. Units granted in the meantime stay to be debited. */
  paid(items: readonly AcquireItem[]): void {
    for (const { subject, cost } of items) {
      const left = (this.#granted.get(subject)?.units ?? 0) - cost;
      if (left > 0) (this.#granted.get(subject) as Debt).units = left;
      else this.#granted.delete(subject);
    }
    this.#clean();
  }

  #noteGrant({ subject, lane }: AcquireItem, units: number): void {
    const instances = this.#instances ?? Number.POSITIVE_INFINITY;
    this.#dividedBy = this.#hasGrantedLately() ? Math.min(this.#dividedBy, instances) : instances;
    this.#grantedAt = this.#clock();
    this.note({ subject, lane, units });
  }

  #hasGrantedLately(): boolean {
    return Math.abs(this.#clock() - this.#grantedAt) < MINUTE_MS;
  }

  #hasPlaceFor(subject: string): boolean {
    if (this.#store.has(subject)) return true;
    if (this.#store.subjects >= MOST_SUBJECTS) this.#clean();
    return this.#store.subjects < MOST_SUBJECTS && (this.#granted.size < MOST_SUBJECTS || this.#granted.has(subject));
  }

  /** Removes units that have left both windows, but not more often than is worthwhile. */
  #clean(): void {
    const nowMs = this.#clock();
    if (Math.abs(nowMs - this.#cleanedAt) < CLEAN_EVERY_MS) return;
    this.#cleanedAt = nowMs;
    this.#store.dropIdle();
  }
}

function debitOf(subject: string, { lane, units }: Debt): AcquireItem {
  return { subject, lane, cost: Math.min(units, MOST_COST), calls: 1, perMinute: NO_LIMIT, perHour: NO_LIMIT };
}

function inBatches(items: readonly AcquireItem[], most: number): AcquireItem[][] {
  const batches: AcquireItem[][] = [];
  for (let i = 0; i < items.length; i += most) batches.push(items.slice(i, i + most));
  return batches;
}
