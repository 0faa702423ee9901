/**
 * Checks whether the database can serve.
 *
 * Invariants: it returns within a second, however the database fails; only one check runs at a time, however many probes
 * arrive, so probes cannot overload the database; no connection or query remains on a database that does not respond.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { SingleFlight } from '@rollgate/limiter';
import pg from 'pg';
import type { Logger } from 'pino';
import { openPool } from '../../database/open-pool.js';
import { readMigrationState, readMissingTables, readWritable } from '../../database/schema-state.js';
import { LOGGER } from '../../logging/logger.js';

const ANSWER_MS = 1_000;

/** Injection token of the `DatabaseAddress`. */
export const DATABASE_ADDRESS = Symbol('DATABASE_ADDRESS');

/** The reason is for the log only: the driver's message may name hosts and users. */
export interface Unreachable {
  readonly reachable: false;
  readonly reason: string;
}

export interface DatabaseState {
  readonly reachable: true;
  /** Decisions write. A standby accepts no writes, and neither does a primary that was made read-only. */
  readonly writable: { readonly ok: true } | { readonly ok: false; readonly why: string };
  readonly pendingMigrations: readonly string[];
  readonly missingTables: readonly string[];
}

@Injectable()
export class DatabaseProbe implements OnApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #looks = new SingleFlight<DatabaseState | Unreachable>();

  constructor(@Inject(DATABASE_ADDRESS) address: DatabaseAddress, @Inject(LOGGER) logger: Logger) {
    this.#pool = openPool({
      ...address,
      logger,
      name: 'rollgate-probe',
      connectTimeoutMs: ANSWER_MS,
      queryTimeoutMs: ANSWER_MS,
    });
  }

  async look(): Promise<DatabaseState | Unreachable> {
    const looking = this.#looks.run(() => this.#look());
    const answered = new AbortController();
    const late = wait(ANSWER_MS, undefined, { signal: answered.signal }).then(
      () => ({ reachable: false, reason: `no answer within ${ANSWER_MS / 1000} s` }) as const,
      // Aborted: the check finished first.
      () => ({ reachable: false, reason: 'answered' }) as const,
    );
    try {
      return await Promise.race([looking, late]);
    } finally {
      answered.abort();
    }
  }

  // The pool drops a connection that timed out, so a check whose callers have given up ends by itself.
  async #look(): Promise<DatabaseState | Unreachable> {
    try {
      const client = await this.#pool.connect();
      // A connection to a server that became a standby stays on it; a new connection finds the new primary.
      let keep = false;
      try {
        const writable = await readWritable(client);
        const { pending } = await readMigrationState(client);
        const missingTables = await readMissingTables(client);
        keep = writable.ok;
        return { reachable: true, writable, pendingMigrations: pending, missingTables };
      } finally {
        client.release(!keep);
      }
    } catch (error) {
      return { reachable: false, reason: (error as Error).message };
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.end();
  }
}
