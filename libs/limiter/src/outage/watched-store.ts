/**
 * Watches the server behind the store. If a quarantine began while a batch was in flight (the clock jumped ahead, or
 * another server took the database's place), the batch was decided under full limits by counts that may be incomplete.
 * Its answer is discarded, the units it granted stay spent, and each of its calls is decided as in an outage.
 */
import type { DatabaseClock } from '../connections/database-clock.js';
import type { AcquireItem, AcquireResult, Store } from '../store/store.js';
import type { Quarantine } from './quarantine.js';

/** The answer is based on counts that may be incomplete. The units it granted stay spent. */
class DistrustedError extends Error {
  override readonly name = 'DistrustedError';
}

export interface WatchedStoreOptions {
  readonly store: Store;
  readonly clock: DatabaseClock;
  readonly quarantine: Quarantine;
}

export class WatchedStore implements Store {
  readonly #options: WatchedStoreOptions;

  constructor(options: WatchedStoreOptions) {
    this.#options = options;
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const { store, clock, quarantine } = this.#options;
    const askedAt = clock.monotonic();
    const answer = await store.acquire(items);
    quarantine.hear({ nowMs: answer.nowMs, askedAt });
    if (quarantine.hasBegunSince(askedAt))
      throw new DistrustedError('decided while the database changed its clock or its place');
    return answer;
  }

  peek: Store['peek'] = (lane, subjects) => this.#options.store.peek(lane, subjects);
  list: Store['list'] = (lane, page) => this.#options.store.list(lane, page);
  refund: Store['refund'] = (lane, grant) => this.#options.store.refund(lane, grant);
  reset: Store['reset'] = (lane, subject) => this.#options.store.reset(lane, subject);
  close: Store['close'] = () => this.#options.store.close();
}
