/**
 * The catalogue in the database, as this instance last read it. Policy sync keeps it up to date, together with the
 * limits.
 */
import { type ApiEntry, Catalogue } from '@rollgate/contract';

/** An API as `rollgate.sync_instance` sends it: its definition, and the edits of its default limits. */
export interface StoredApi {
  readonly api: string;
  readonly title: string;
  readonly group: string;
  readonly groupTitle: string;
  readonly level: readonly string[];
  readonly scope: 'api' | 'group';
  readonly shippedPerMinute: number;
  readonly shippedPerHour: number;
  readonly message: string;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly shadow: boolean;
  /** No application registers it any more. Calls of it are still limited. */
  readonly retired: boolean;
}

export class LiveCatalogue extends Catalogue {
  /** APIs that exist only in this program. */
  readonly #own: Catalogue;
  readonly #stored = new Map<string, ApiEntry>();
  readonly #retired = new Set<string>();

  constructor(own = new Catalogue([])) {
    super([]);
    this.#own = own;
  }

  /** Applies what changed since the last call. `whole`: these are all APIs of the database. */
  apply({ whole, apis }: { whole: boolean; apis: readonly StoredApi[] }): void {
    if (whole) for (const all of [this.#stored, this.#retired]) all.clear();
    for (const api of apis) {
      this.#stored.set(api.api, entryOf(api));
      if (api.retired) this.#retired.add(api.api);
      else this.#retired.delete(api.api);
    }
  }

  override get size(): number {
    return this.#stored.size + this.#own.size;
  }

  override entries(): ApiEntry[] {
    return [...this.#stored.values(), ...this.#own.entries()];
  }

  override find(api: string): ApiEntry | undefined {
    return this.#own.find(api) ?? this.#stored.get(api);
  }

  protected override ids(): string[] {
    return [...this.#stored.keys()].filter((api) => !this.#retired.has(api));
  }
}

function entryOf(stored: StoredApi): ApiEntry {
  const { api, title, group, groupTitle, level, scope, message, shippedPerMinute, shippedPerHour } = stored;
  const limits = { perMinute: shippedPerMinute, perHour: shippedPerHour };
  return { id: api, title, group, groupTitle, level, limits, scope, message };
}
