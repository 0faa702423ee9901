/**
 * Finds APIs that another program registered a moment ago. A call of an API that this instance does not know waits for
 * one read of the catalogue, which all such calls share.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { isApiId } from '@rollgate/contract';
import { LimiterUnavailableError } from '../outage/outage.js';
import type { LiveCatalogue } from '../policy/live-catalogue.js';
import { SingleFlight } from '../tasks/single-flight.js';

/** Shortest time between two reads, so that calls of APIs that do not exist can't occupy the database. */
const READ_EVERY_MS = 1_000;

export interface ApiLookupOptions {
  readonly catalogue: LiveCatalogue;
  /** Reads the catalogue from the database. Resolves to whether it succeeded. */
  readonly read: () => Promise<boolean>;
}

export class ApiLookup {
  readonly #options: ApiLookupOptions;
  readonly #reads = new SingleFlight<boolean>();
  #lastReadAt = Number.NEGATIVE_INFINITY;

  constructor(options: ApiLookupOptions) {
    this.#options = options;
  }

  /** Whether a read of the catalogue could find this API. */
  mayFind(api: unknown): boolean {
    return typeof api === 'string' && isApiId(api) && this.#options.catalogue.find(api) === undefined;
  }

  /**
   * Resolves when the API is known, or is known not to exist. @throws LimiterUnavailableError if the catalogue could not
   * be read
   */
  async settle(api: unknown): Promise<void> {
    if (!this.mayFind(api)) return;
    if (await this.#reads.run(() => this.#read())) return;
    throw new LimiterUnavailableError(new Error('the catalogue could not be read'));
  }

  /**
   * Reads the catalogue for a list that contains APIs which are unknown here. Unlike `settle` it does not wait for its turn:
   * if the last read was less than a second ago, or fails, the list is made without them.
   */
  async readIfDue(): Promise<void> {
    if (this.#lastReadAt + READ_EVERY_MS > performance.now()) return;
    await this.#reads.run(() => this.#read()).catch(() => undefined);
  }

  async #read(): Promise<boolean> {
    const afterMs = this.#lastReadAt + READ_EVERY_MS - performance.now();
    if (afterMs > 0) await wait(afterMs);
    const succeeded = await this.#options.read();
    this.#lastReadAt = performance.now();
    return succeeded;
  }
}
