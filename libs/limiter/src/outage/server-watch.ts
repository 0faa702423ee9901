/** Watches which server answers: its clock, its distance, whether it has restarted, and whether it may lack the last grants. */
import type pg from 'pg';
import { DatabaseClock } from '../connections/database-clock.js';
import { RoundTrip } from '../connections/round-trip.js';
import type { Reports } from '../reports.js';
import { Quarantine, type QuarantineColumns, quarantineOf } from './quarantine.js';

const READ_SERVER = {
  text: 'SELECT now_ms, quarantine_since_ms, quarantine_left_ms, quarantine_reason, life FROM rollgate.server_state()',
  query_timeout: 2_000,
};

export interface ServerWatchOptions {
  readonly reports: Reports;
  /** Current time in Unix ms, for tests that control time. There are no quarantines then. */
  readonly clock: (() => number) | undefined;
}

export class ServerWatch {
  readonly clock: DatabaseClock;
  readonly roundTrip = new RoundTrip();
  /** `undefined` when a test controls the clock. */
  readonly quarantine: Quarantine | undefined;
  #life: string | undefined;
  readonly #whenRestarted: (() => void)[] = [];

  constructor({ reports, clock }: ServerWatchOptions) {
    this.clock = new DatabaseClock({ owned: clock });
    this.quarantine = clock ? undefined : new Quarantine({ clock: this.clock, reports });
  }

  /**
   * Calls `listener` when Postgres has restarted or another server has taken its place, before the first decision of the
   * new one. Grants that were not on disk yet are lost then.
   */
  whenRestarted(listener: () => void): void {
    this.#whenRestarted.push(listener);
  }

  /**
   * Reads which server answers a new connection, before the first decision on it.
   *
   * @throws the error of the statement
   */
  async look(client: pg.ClientBase): Promise<void> {
    const sentAt = performance.now();
    const askedAt = this.clock.monotonic();
    const { rows } = await client.query<QuarantineColumns & { now_ms: number; life: string }>(READ_SERVER);
    const [state] = rows;
    const tookMs = performance.now() - sentAt;
    if (state === undefined) return;
    this.#noteLife(state.life);
    if (this.quarantine === undefined) return;
    this.quarantine.hear({ nowMs: state.now_ms, quarantine: quarantineOf(state), askedAt });
    this.roundTrip.note(tookMs);
  }

  #noteLife(life: string): void {
    const isAnother = this.#life !== undefined && this.#life !== life;
    this.#life = life;
    if (isAnother) for (const listener of this.#whenRestarted) listener();
  }
}
