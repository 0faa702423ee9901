/**
 * Keeps a node's policy what the database's is: a look a second, so that a change is in force within two. With it the
 * node tells that it is there, which policy it has, and which overrides decided calls.
 *
 * A poll, not a LISTEN: it works through any pooler, and the same look tells the database's time and that it answers.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Catalogue } from '@rollgate/contract';
import type pg from 'pg';
import type { Quarantine } from '../outage/quarantine.js';
import type { Reports } from '../reports.js';
import type { DatabaseClock } from './database-clock.js';
import type { OverrideUses } from './override-use.js';
import type { ApiEdit, Policy } from './policy.js';
import type { Override } from './resolve.js';

/** Between two tellings of which overrides were used. */
const TELL_USES_EVERY_MS = 5_000;
/** A change of limits is in force within two seconds; after this long it is reported that it may not be. */
const STALE_AFTER_MS = 10_000;

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
  /** How this node decides, told with each look. */
  readonly state?: () => NodeState | undefined;
  /** 1 s by default. */
  readonly everyMs?: number;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly reports?: Reports;
  /** Hears how long a round trip to the database took, ms. */
  readonly onRoundTrip?: (ms: number) => void;
}

interface SyncRow {
  readonly now_ms: number;
  readonly version: string;
  readonly whole: boolean;
  readonly overrides: Override[] | null;
  readonly apis: ApiEdit[] | null;
  readonly timeline: string | null;
}

const NORMAL: NodeState = { mode: 'normal', sinceMs: Date.now() };

export class PolicySync {
  /** Names this process among the nodes. */
  readonly nodeId = randomBytes(9).toString('base64url');
  readonly #options: PolicySyncOptions;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  #registered = false;
  #toldAt = 0;
  #syncedAt: number | undefined;

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

  /** Once: the APIs this program knows. */
  async #register(): Promise<void> {
    if (this.#registered) return;
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
    this.#registered = true;
  }

  async #sync(): Promise<void> {
    const { pool, policy, clock, quarantine, state } = this.#options;
    const { mode, sinceMs } = state?.() ?? NORMAL;
    const askedAt = clock.monotonic();
    const sentAt = performance.now();
    const { rows } = await pool.query<SyncRow>(
      'SELECT s.*, t.timeline, t.now_ms FROM rollgate.sync_node($1, $2, $3, $4, $5) s, rollgate.server_state() t',
      [this.nodeId, `${hostname()}:${process.pid}`, policy.version, mode, new Date(sinceMs)],
    );
    this.#options.onRoundTrip?.(performance.now() - sentAt);
    const row = rows[0] as SyncRow;
    const heard = { nowMs: row.now_ms, askedAt, timeline: row.timeline };
    quarantine?.hear(heard);
    clock.heard(heard);
    if (row.overrides !== null) {
      policy.apply({ version: Number(row.version), whole: row.whole, overrides: row.overrides, apis: row.apis ?? [] });
      policy.prune(clock.now());
    }
    this.#syncedAt = clock.monotonic();
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

  /** Tells what is left to tell, and that this node is gone. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking?.catch(() => undefined);
    this.#toldAt = Number.NEGATIVE_INFINITY;
    try {
      await this.#tellUses();
      await this.#options.pool.query('SELECT rollgate.leave_node($1)', [this.nodeId]);
    } catch {
      // Gone without a word: the others notice within a minute.
    }
  }
}
