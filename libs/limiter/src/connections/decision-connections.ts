/**
 * Statements that decide, each on a connection that its stripe has for itself: where connections are pipelines, the next
 * batch of a stripe is sent on the same one before the last batch is answered, so they are decided in their order.
 *
 * Invariant: a connection that failed otherwise than by an error of Postgres's is never used again.
 */
import type pg from 'pg';
import { hasSqlState } from '../outage/faults.js';
import type { KeptClient, KeptConnections } from './kept-connections.js';

export interface DecisionConnectionsOptions {
  /** Of pipelines, where `pipelined`. */
  readonly kept: KeptConnections;
  readonly pipelined: boolean;
  /** A statement that has no connection after so long fails; `undefined`: it waits. */
  readonly connectWithinMs: () => number | undefined;
}

/** A connection for as long as statements are in flight on it. */
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

  /** @throws NotAskedError, or what Postgres or the connection says */
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

  /** Ends the connections, those in use once they are answered. */
  close(): Promise<void> {
    return this.#options.kept.end();
  }

  #lease(stripe: number): Lease {
    const shared = this.#leases.get(stripe);
    if (shared !== undefined) return shared;
    const { kept, connectWithinMs, pipelined } = this.#options;
    const lease = { client: kept.take(connectWithinMs()), statements: 0, broken: false, ended: false };
    // Each statement of the lease reports the failure to its own calls.
    lease.client.catch(ignore);
    if (pipelined) this.#leases.set(stripe, lease);
    return lease;
  }

  /** Statements still in flight on a broken connection fail with it. */
  #end(stripe: number, lease: Lease): void {
    if (this.#leases.get(stripe) === lease) this.#leases.delete(stripe);
    if (lease.ended) return;
    lease.ended = true;
    lease.client.then((client) => this.#options.kept.giveBack(client, lease), ignore);
  }
}
