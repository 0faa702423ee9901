import type { AcquireItem, AcquireResult, Store } from '../store/store.js';

/** Wraps any store and records the items sent to it. A call rejected earlier does not appear here. */
export class CountingStore implements Store {
  readonly items: AcquireItem[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    this.items.push(...items);
    return this.#store.acquire(items);
  }

  peek: Store['peek'] = (lane, subjects) => this.#store.peek(lane, subjects);
  list: Store['list'] = (lane, page) => this.#store.list(lane, page);
  refund: Store['refund'] = (lane, grant) => this.#store.refund(lane, grant);
  reset: Store['reset'] = (lane, subject) => this.#store.reset(lane, subject);
  close: Store['close'] = () => this.#store.close();
}
