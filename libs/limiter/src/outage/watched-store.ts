/**
 * Watches the server behind the store. If a quarantine began while a batch was in flight (the clock jumped ahead, or
 * another server took the database's place), the batch was decided under full limits by counts that may be incomplete.
 * Its answer is discarded, the units it granted stay spent, and each of its calls is decided as in an outage.
 */
import type pg from 'pg';
import type { DatabaseClock } from '../connections/database-clock.js';
import { DistrustedError } from '../connections/faults.js';
import type { AcquireItem, AcquireResult, Store } from '../store/store.js';
import { type Quarantine, type QuarantineColumns, quarantineOf } from './quarantine.js';

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

const ASK_SERVER = {
  text: 'SELECT now_ms, quarantine_since_ms, quarantine_left_ms, quarantine_reason FROM rollgate.server_state()',
  query_timeout: 2_000,
};

/**
 * Reads which server answers a new connection, before the first decision on it. Resolves to the duration in ms.
 *
 * @throws the error of the statement
 */
export async function hearServer(
  client: pg.ClientBase,
  { clock, quarantine }: Pick<WatchedStoreOptions, 'clock' | 'quarantine'>,
): Promise<number> {
  const sentAt = performance.now();
  const askedAt = clock.monotonic();
  const { rows } = await client.query<QuarantineColumns & { now_ms: number }>(ASK_SERVER);
  const [state] = rows;
  const tookMs = performance.now() - sentAt;
  if (state) quarantine.hear({ nowMs: state.now_ms, quarantine: quarantineOf(state), askedAt });
  return tookMs;
}
