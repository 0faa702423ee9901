/**
 * What an instance grants by itself while the database is away: counted in memory, told to the database when it is back.
 *
 * Invariants: of each subject at most floor(N / 2M) units in any window, where M is the number of instances as the database
 * counts them, so that all of them together admit half a limit on top of what the database had granted: 1.5 N at most in an
 * interval that touches an outage, however many outages that is; an instance that the others do not count yet has no part;
 * memory is bounded: a subject that has no place is denied, not forgotten.
 */
import type { Limits } from '@rollgate/contract';
import { MemoryStore } from '../memory-store.js';
import type { AcquireItem, AcquireResult } from '../store.js';

const MOST_SUBJECTS = 50_000;
/** Any limit: a debit is a fact, not a question. */
const NO_LIMIT = 2_147_483_647;
const MOST_COST = 1_000_000_000;
const CLEAN_EVERY_MS = 10_000;
/** So long a unit counts in the minute. */
const MINUTE_MS = 61_000;

export class LocalCounts {
  /** What is told stays counted here: a database that fails by turns would otherwise bring a new part each time. */
  readonly #store: MemoryStore;
  readonly #clock: () => number;
  readonly #atLeast: number;
  #instances: number | undefined;
  /** The smallest number the limit was divided by for a grant that still counts in the minute, and when the last grant was made. */
  #dividedBy = Number.POSITIVE_INFINITY;
  #grantedAt = Number.NEGATIVE_INFINITY;
  #cleanedAt = Number.NEGATIVE_INFINITY;
  /** What the database has not been told yet. */
  readonly #granted = new Map<string, { lane: number; units: number }>();

  /** `atLeast`: by so many instances the limit is divided, even where the database counts fewer. `clock`: Unix ms. */
  constructor({ clock, atLeast = 1 }: { clock: () => number; atLeast?: number | undefined }) {
    this.#clock = clock;
    this.#atLeast = atLeast;
    this.#store = new MemoryStore({ clock });
  }

  /** Of which the database has not been told all. */
  get subjects(): number {
    return this.#granted.size;
  }

  /**
   * The number to report to the database: by how many the limit is divided. While grants count in the minute that were made with
   * a smaller number, it is that one, so that a new instance gets no part of what was granted already. `undefined`: this
   * instance has no part.
   */
  get counted(): number | undefined {
    if (this.#instances === undefined || !this.#hasGrantedLately()) return this.#instances;
    return Math.min(this.#dividedBy, this.#instances);
  }

  /** As the database counts them. null: the others do not all count this instance; what it had before stays. */
  divideBy(instances: number | null): void {
    if (instances !== null) this.#instances = Math.max(instances, this.#atLeast);
  }

  /** This instance's part of a limit. `undefined`: it has none. */
  limitsOf({ perMinute, perHour }: Limits): Limits | undefined {
    const instances = this.#instances;
    if (instances === undefined) return undefined;
    const part = (limit: number) => Math.floor(limit / 2 / instances);
    return { perMinute: part(perMinute), perHour: part(perHour) };
  }

  /** Under exactly these limits. `undefined`: there is no room to count another subject. */
  acquire(item: AcquireItem): AcquireResult | undefined {
    if (!this.#hasPlaceFor(item.subject)) return undefined;
    const result = this.#store.acquireNow([item]);
    const granted = result.rows[0]?.granted ?? 0;
    if (granted > 0) this.#noteGrant(item, granted * item.cost);
    return result;
  }

  /** Units granted without being counted here otherwise. */
  note({ subject, lane, units }: { subject: string; lane: number; units: number }): void {
    const before = this.#granted.get(subject);
    if (before) before.units += units;
    else this.#granted.set(subject, { lane, units });
  }

  /** What the database has to be told of these lanes, in batches. */
  debts(ofLane: (lane: number) => boolean, most: number): AcquireItem[][] {
    const items: AcquireItem[] = [];
    for (const [subject, { lane, units }] of this.#granted) {
      if (!ofLane(lane) || units === 0) continue;
      items.push({ subject, lane, cost: Math.min(units, MOST_COST), calls: 1, perMinute: NO_LIMIT, perHour: NO_LIMIT });
    }
    const batches: AcquireItem[][] = [];
    for (let i = 0; i < items.length; i += most) batches.push(items.slice(i, i + most));
    return batches;
  }

  /** They are told. The rest of what was granted meanwhile stays. */
  paid(items: readonly AcquireItem[]): void {
    for (const { subject, cost } of items) {
      const left = (this.#granted.get(subject)?.units ?? 0) - cost;
      if (left > 0) (this.#granted.get(subject) as { units: number }).units = left;
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

  /** Drops what has left both windows; not more often than worth it. */
  #clean(): void {
    const nowMs = this.#clock();
    if (Math.abs(nowMs - this.#cleanedAt) < CLEAN_EVERY_MS) return;
    this.#cleanedAt = nowMs;
    this.#store.dropIdle();
  }
}
