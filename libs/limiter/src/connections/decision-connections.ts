/**
 * Runs decisions, each on a connection reserved for its stripe. With pipelined connections, the next batch of a stripe
 * is sent on the same connection before the previous one is answered, so batches are decided in the order sent.
 *
 * Invariant: a connection is not used again after any failure other than an error reported by Postgres.
 */
import type pg from 'pg';
import { hasSqlState } from './faults.js';
import type { KeptClient, KeptConnections } from './kept-connections.js';

export interface DecisionConnectionsOptions {
  /** The connections. They pipeline statements if `pipelined` is true. */
  readonly kept: KeptConnections;
  readonly pipelined: boolean;
  /** A statement without a connection after this many ms fails; `undefined` means no limit. */
  readonly connectWithinMs: () => number | undefined;
}

/** A connection that is reserved while statements are in flight on it. */
interface Lease {
  readonly client: Promise<KeptClient>;
  statements: number;
  broken: boolean;
  ended: boolean;
}

const ignore = (): void => undefined;

export class DecisionConnections {
  readonly #options: DecisionConnectionsOptions;
  readonly #leases = new Map<number, Lease>();

  constructor(options: DecisionConnectionsOptions) {
    this.#options = options;
  }

  /** Runs one statement of a stripe. @throws NotAskedError, or the error of Postgres or of the connection */
  async query<Row extends unknown[]>(
    stripe: number,
    statement: pg.QueryArrayConfig,
  ): Promise<pg.QueryArrayResult<Row>> {
    const lease = this.#lease(stripe);
    lease.statements++;
    try {
      const client = await lease.client;
      return await client.query<Row>(statement);
    } catch (error) {
      if (!hasSqlState(error)) lease.broken = true;
      throw error;
    } finally {
      lease.statements--;
      if (lease.statements === 0 || lease.broken) this.#end(stripe, lease);
    }
  }

  /** Closes the connections; those in use are closed once their statements are answered. */
  close(): Promise<void> {
    return this.#options.kept.end();
  }

  #lease(stripe: number): Lease {
    const shared = this.#leases.get(stripe);
    if (shared !== undefined) return shared;
    const { kept, connectWithinMs, pipelined } = this.#options;
    const lease = { client: kept.take(connectWithinMs()), statements: 0, broken: false, ended: false };
    // Ignore it here: each statement of the lease reports the failure to its own calls.
    lease.client.catch(ignore);
    if (pipelined) this.#leases.set(stripe, lease);
    return lease;
  }

  /** Ends a lease. Statements still in flight on a broken connection fail with it. */
  #end(stripe: number, lease: Lease): void {
    if (this.#leases.get(stripe) === lease) this.#leases.delete(stripe);
    if (lease.ended) return;
    lease.ended = true;
    lease.client.then((client) => this.#options.kept.giveBack(client, lease), ignore);
  }
}
