/**
 * Keeps an instance's policy equal to the database's: it polls once a second, so a change is in force within two
 * seconds. With each poll the instance also reports that it is running, which policy version it has, and which
 * overrides decided calls.
 *
 * It polls instead of using LISTEN, because polling works through any pooler, and the same statement returns the
 * database's time and shows that it answers.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { DatabaseClock } from '../connections/database-clock.js';
import type { InstanceState } from '../outage/instance-state.js';
import type { LocalCounts } from '../outage/local-counts.js';
import { type Quarantine, type QuarantineColumns, quarantineOf } from '../outage/quarantine.js';
import type { Reports } from '../reports.js';
import { JitteredLoop } from '../tasks/jittered-loop.js';
import { SingleFlight } from '../tasks/single-flight.js';
import type { CatalogueRegistrar } from './catalogue-registrar.js';
import type { LiveCatalogue, StoredApi } from './live-catalogue.js';
import type { OverrideUses } from './override-use.js';
import type { Plan, PlanAssignment } from './plans.js';
import type { Policy } from './policy.js';
import type { Override } from './resolve.js';

/** Interval for reporting which overrides were used. */
const TELL_USES_EVERY_MS = 5_000;
/**
 * A change of limits is in force within two seconds. After this long without a successful poll, report that the limits
 * may be outdated.
 */
const STALE_AFTER_MS = 10_000;
/**
 * An instance that does not report its end is counted for an hour, which is worth delaying a shutdown by a few seconds
 * but not longer.
 */
const LEAVE_WITHIN_MS = 3_000;
const LEAVE_AGAIN_AFTER_MS = 50;
const LEAVE = { text: 'SELECT rollgate.leave_instance($1)', query_timeout: 1_000 };

export interface PolicySyncOptions {
  readonly pool: pg.Pool;
  readonly policy: Policy;
  /** Registers this program's APIs. `undefined`: it registers none. */
  readonly registrar: CatalogueRegistrar | undefined;
  /** Kept equal to the catalogue in the database. `undefined`: the program has its own catalogue. */
  readonly live: LiveCatalogue | undefined;
  /** `true`: this instance only reads. It is not listed among the instances, and writes nothing. */
  readonly isObserver: boolean;
  readonly clock: DatabaseClock;
  readonly uses: OverrideUses;
  /** Watches the server's clock and identity. Omitted when a test controls the clock. */
  readonly quarantine: Quarantine | undefined;
  /** What this instance may grant without the database: a share that depends on the number of instances. */
  readonly local: LocalCounts | undefined;
  /** This instance's state, reported with each poll; `undefined` while there is none to report. */
  readonly state: () => InstanceState | undefined;
  /** Average interval between two polls in ms, 1,000 by default. */
  readonly everyMs: number | undefined;
  readonly onError: (error: unknown) => void;
  readonly reports: Reports;
  /** Receives the duration of each round trip to the database, ms. */
  readonly onRoundTrip: (ms: number) => void;
}

interface SyncRow extends QuarantineColumns {
  readonly now_ms: number;
  readonly version: string;
  readonly whole: boolean;
  readonly overrides: Override[] | null;
  readonly apis: StoredApi[] | null;
  readonly plans: Plan[] | null;
  readonly assignments: PlanAssignment[] | null;
  /** Changes when the database may have returned to an older state. */
  readonly life: string;
  /** `null` while some of the other instances do not count this one yet. */
  readonly instances: number | null;
}

/** Characters of a reason that are reported. */
const MOST_REASON = 300;

const NORMAL: InstanceState = { mode: 'normal', sinceMs: Date.now(), reason: '' };

export class PolicySync {
  /** Identifies this process among the instances. */
  readonly instanceId = randomBytes(9).toString('base64url');
  readonly #options: PolicySyncOptions;
  readonly #loop: JitteredLoop;
  readonly #looks = new SingleFlight<void>();
  #life: string | undefined;
  #toldAt = 0;
  #syncedAt: number | undefined;
  #stopped = false;

  constructor(options: PolicySyncOptions) {
    this.#options = options;
    this.#loop = new JitteredLoop({ task: () => void this.look(), everyMs: options.everyMs ?? 1000 });
    this.#loop.start();
    // A jump of the database's clock must be reported at once.
    options.quarantine?.whenClockJumps(() => void this.refresh());
  }

  /** Time since the last successful poll, ms; `undefined` if none has succeeded. */
  get ageMs(): number | undefined {
    return this.#syncedAt === undefined ? undefined : this.#options.clock.monotonic() - this.#syncedAt;
  }

  /** Polls once, or joins a poll in progress. Resolves to whether it succeeded. */
  look(): Promise<boolean> {
    return this.reach().then(
      () => true,
      () => false,
    );
  }

  /** Like `look`, but rejects with the reason if the poll fails. */
  reach(): Promise<void> {
    // A poll after leaving would register this instance again.
    if (this.#stopped) return Promise.reject(new Error('the limiter was closed'));
    return this.#looks.run(() => this.#look());
  }

  /** Starts a new poll, so that everything committed before the call is known afterwards. */
  async refresh(): Promise<boolean> {
    await this.#looks.current()?.catch(() => undefined);
    return await this.look();
  }

  async #look(): Promise<void> {
    try {
      await this.#options.registrar?.register(this.#life);
      await this.#sync();
      this.#options.reports.over('limits', 'the limits in force are known again');
      if (this.#options.isObserver) return;
      await this.#reportJump();
      await this.#tellUses();
    } catch (error) {
      this.#options.onError(error);
      this.#reportStale(error as Error);
      throw error;
    }
  }

  #reportStale({ message }: Error): void {
    const { ageMs } = this;
    if (ageMs === undefined || ageMs < STALE_AFTER_MS) return;
    this.#options.reports.trouble('limits', {
      kind: 'stale',
      message: `the limits in force are ${Math.round(ageMs / 1000)} s old and may have changed since: ${message}`,
    });
  }

  async #sync(): Promise<void> {
    const { pool, clock, quarantine, local, state, isObserver } = this.#options;
    const { mode, sinceMs, reason } = state() ?? NORMAL;
    const askedAt = clock.monotonic();
    const sentAt = performance.now();
    const { rows } = await pool.query<SyncRow>('SELECT * FROM rollgate.sync_instance($1, $2, $3, $4, $5, $6, $7, $8)', [
      isObserver ? null : this.instanceId,
      `${hostname()}:${process.pid}`,
      this.#options.policy.version,
      mode,
      new Date(sinceMs),
      this.#life ?? null,
      local?.counted ?? null,
      reason === '' ? null : reason.slice(0, MOST_REASON),
    ]);
    this.#options.onRoundTrip(performance.now() - sentAt);
    const row = rows[0] as SyncRow;
    const heard = { nowMs: row.now_ms, askedAt };
    quarantine?.hear({ ...heard, quarantine: quarantineOf(row) });
    clock.heard(heard);
    local?.divideBy(row.instances);
    this.#options.registrar?.noteLife(row.life);
    this.#life = row.life;
    this.#apply(row);
    this.#syncedAt = clock.monotonic();
  }

  #apply({ version, whole, overrides, apis, plans, assignments }: SyncRow): void {
    const { policy, live, clock } = this.#options;
    if (overrides === null) return;
    live?.apply({ whole, apis: apis ?? [] });
    policy.apply({
      version: Number(version),
      whole,
      overrides,
      apis: apis ?? [],
      plans: plans ?? [],
      assignments: assignments ?? [],
    });
    policy.prune(clock.now());
  }

  /**
   * Reports a clock jump to the database. It starts a quarantine for all instances, unless calls of other instances
   * refute the jump.
   */
  async #reportJump(): Promise<void> {
    const { pool, clock, quarantine } = this.#options;
    const jump = quarantine?.unreported;
    if (jump === undefined) return;
    const { rows } = await pool.query<{ believed: boolean }>(
      'SELECT rollgate.report_clock_jump($1, $2, $3) AS believed',
      [`${hostname()}:${process.pid}`, jump.heardMs, clock.monotonic() - jump.heardAt],
    );
    quarantine?.judged(jump, { believed: rows[0]?.believed === true });
  }

  async #tellUses(): Promise<void> {
    const { pool, uses, clock } = this.#options;
    if (clock.monotonic() - this.#toldAt < TELL_USES_EVERY_MS) return;
    const told = uses.take();
    this.#toldAt = clock.monotonic();
    if (told.length === 0) return;
    try {
      await pool.query('SELECT rollgate.report_use($1)', [JSON.stringify(told)]);
    } catch (error) {
      uses.putBack(told);
      throw error;
    }
  }

  /** Reports the remaining override use, and that this instance has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    await this.#looks.current()?.catch(() => undefined);
    if (this.#options.isObserver) return;
    const deadline = performance.now() + LEAVE_WITHIN_MS;
    // The first statements after an outage may find connections that were lost unnoticed.
    while (!(await this.#leave()) && performance.now() < deadline) await wait(LEAVE_AGAIN_AFTER_MS);
    this.#toldAt = Number.NEGATIVE_INFINITY;
    await this.#tellUses().catch(() => undefined);
  }

  /** Resolves to whether the database recorded that this instance has ended. If not, it notices within a minute. */
  async #leave(): Promise<boolean> {
    try {
      await this.#options.pool.query({ ...LEAVE, values: [this.instanceId] } satisfies pg.QueryConfig & {
        query_timeout: number;
      });
      return true;
    } catch {
      return false;
    }
  }
}
