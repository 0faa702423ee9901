/**
 * Keeps a node's policy what the database's is: a look a second, so that a change is in force within two. With it the
 * node tells that it is there, which policy it has, and which overrides decided calls.
 *
 * A poll, not a LISTEN: it works through any pooler, and the same look tells the database's time and that it answers.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Catalogue } from '@rollgate/contract';
import type pg from 'pg';
import type { LocalCounts } from '../outage/local-counts.js';
import { type Quarantine, type QuarantineColumns, quarantineOf } from '../outage/quarantine.js';
import type { Reports } from '../reports.js';
import type { DatabaseClock } from './database-clock.js';
import type { OverrideUses } from './override-use.js';
import type { ApiEdit, Policy } from './policy.js';
import type { Override } from './resolve.js';

/** Between two tellings of which overrides were used. */
const TELL_USES_EVERY_MS = 5_000;
/** A change of limits is in force within two seconds; after this long it is reported that it may not be. */
const STALE_AFTER_MS = 10_000;
/** An instance that did not say that it left is counted for an hour: worth some seconds of a shutdown, and no more. */
const LEAVE_WITHIN_MS = 3_000;
const LEAVE_AGAIN_AFTER_MS = 50;
const LEAVE = { text: 'SELECT rollgate.leave_node($1)', query_timeout: 1_000 };

export interface NodeState {
  readonly mode: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

export interface PolicySyncOptions {
  readonly pool: pg.Pool;
  readonly policy: Policy;
  /** Told to the database, where its defaults can be edited. */
  readonly registered: Catalogue;
  readonly clock: DatabaseClock;
  readonly uses: OverrideUses;
  /** Watches the server's clock and identity; not where a test owns the clock. */
  readonly quarantine?: Quarantine;
  /** What this instance may grant by itself: a part that goes by the number of instances. */
  readonly local?: LocalCounts | undefined;
  /** How this node decides, told with each look. */
  readonly state?: () => NodeState | undefined;
  /** 1 s by default. */
  readonly everyMs?: number;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly reports?: Reports;
  /** Hears how long a round trip to the database took, ms. */
  readonly onRoundTrip?: (ms: number) => void;
}

interface SyncRow extends QuarantineColumns {
  readonly now_ms: number;
  readonly version: string;
  readonly whole: boolean;
  readonly overrides: Override[] | null;
  readonly apis: ApiEdit[] | null;
  /** Changes when the database may have gone back to an older state. */
  readonly life: string;
  /** null: the other instances do not all count this one yet. */
  readonly instances: number | null;
}

const NORMAL: NodeState = { mode: 'normal', sinceMs: Date.now() };

export class PolicySync {
  /** Names this process among the nodes. */
  readonly nodeId = randomBytes(9).toString('base64url');
  readonly #options: PolicySyncOptions;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  /** The server's life in which this program's APIs were registered. */
  #registeredIn: string | undefined;
  #life: string | undefined;
  #toldAt = 0;
  #syncedAt: number | undefined;
  #stopped = false;

  constructor(options: PolicySyncOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), options.everyMs ?? 1000);
    this.#timer.unref();
  }

  /** Since the last look that succeeded, ms; `undefined`: none has. */
  get ageMs(): number | undefined {
    return this.#syncedAt === undefined ? undefined : this.#options.clock.monotonic() - this.#syncedAt;
  }

  /** One look; one under way is the same one. Resolves to whether it succeeded. */
  look(): Promise<boolean> {
    return this.reach().then(
      () => true,
      () => false,
    );
  }

  /** As `look`. @throws why it failed */
  reach(): Promise<void> {
    // A look after leaving would enter this instance again.
    if (this.#stopped) return Promise.reject(new Error('the limiter was closed'));
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** A look that begins now: what was committed before is known after it. */
  async refresh(): Promise<boolean> {
    await this.#looking?.catch(() => undefined);
    return await this.look();
  }

  async #look(): Promise<void> {
    try {
      await this.#register();
      await this.#sync();
      this.#options.reports?.over('limits', 'the limits in force are known again');
      await this.#reportJump();
      await this.#tellUses();
    } catch (error) {
      this.#options.onError?.(error);
      this.#reportStale(error as Error);
      throw error;
    }
  }

  #reportStale({ message }: Error): void {
    const { ageMs } = this;
    if (ageMs === undefined || ageMs < STALE_AFTER_MS) return;
    this.#options.reports?.trouble('limits', {
      kind: 'stale',
      message: `the limits in force are ${Math.round(ageMs / 1000)} s old and may have changed since: ${message}`,
    });
  }

  /** Once in each life of the server: the APIs this program knows. A restored backup may lack them. */
  async #register(): Promise<void> {
    const registeredIn = this.#life ?? '';
    if (this.#registeredIn === registeredIn) return;
    const { pool, registered } = this.#options;
    const apis = registered.entries().map((entry) => ({
      api: entry.id,
      title: entry.title,
      group_id: entry.group,
      group_title: entry.groupTitle,
      level: entry.level,
      scope: entry.scope,
      shipped_per_minute: entry.limits.perMinute,
      shipped_per_hour: entry.limits.perHour,
    }));
    await pool.query(`SELECT rollgate.register_catalogue($1, ROW($2, 'program', NULL, NULL)::rollgate.author)`, [
      JSON.stringify(apis),
      `node:${hostname()}`,
    ]);
    this.#registeredIn = registeredIn;
  }

  async #sync(): Promise<void> {
    const { pool, policy, clock, quarantine, local, state } = this.#options;
    const { mode, sinceMs } = state?.() ?? NORMAL;
    const askedAt = clock.monotonic();
    const sentAt = performance.now();
    const { rows } = await pool.query<SyncRow>('SELECT * FROM rollgate.sync_node($1, $2, $3, $4, $5, $6, $7)', [
      this.nodeId,
      `${hostname()}:${process.pid}`,
      policy.version,
      mode,
      new Date(sinceMs),
      this.#life ?? null,
      local?.counted ?? null,
    ]);
    this.#options.onRoundTrip?.(performance.now() - sentAt);
    const row = rows[0] as SyncRow;
    const heard = { nowMs: row.now_ms, askedAt };
    quarantine?.hear({ ...heard, quarantine: quarantineOf(row) });
    clock.heard(heard);
    local?.divideBy(row.instances);
    if (this.#life === undefined) this.#registeredIn = row.life;
    this.#life = row.life;
    if (row.overrides !== null) {
      policy.apply({ version: Number(row.version), whole: row.whole, overrides: row.overrides, apis: row.apis ?? [] });
      policy.prune(clock.now());
    }
    this.#syncedAt = clock.monotonic();
  }

  /** Other instances get the quarantine from the database, which believes a jump that their own calls do not refute. */
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

  /** Tells what is left to tell, and that this instance is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking?.catch(() => undefined);
    const deadline = performance.now() + LEAVE_WITHIN_MS;
    // The first statements after an outage find connections that died without a word.
    while (!(await this.#leave()) && performance.now() < deadline) await wait(LEAVE_AGAIN_AFTER_MS);
    this.#toldAt = Number.NEGATIVE_INFINITY;
    await this.#tellUses().catch(() => undefined);
  }

  /** Resolves to whether the database knows. Where it does not, it notices within a minute. */
  async #leave(): Promise<boolean> {
    try {
      await this.#options.pool.query({ ...LEAVE, values: [this.nodeId] } satisfies pg.QueryConfig & {
        query_timeout: number;
      });
      return true;
    } catch {
      return false;
    }
  }
}
