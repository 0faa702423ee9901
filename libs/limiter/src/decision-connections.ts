/**
 * The connections that decide. The batches a stripe has in flight share one, where it is a pipeline: the next batch lies there
 * before the last one is answered, and they are decided in the order in which they were sent.
 *
 * Invariant: a connection that failed otherwise than by an error of Postgres's is never used again.
 */
import type pg from 'pg';

export interface DecisionConnectionsOptions {
  /** Of pipelines, where `pipelined`. */
  readonly pool: pg.Pool;
  readonly pipelined: boolean;
  /** A statement that has no connection after so long fails; the connection is made all the same. */
  readonly connectWithinMs: number | undefined;
}

/** A connection for as long as statements are in flight on it. */
interface Lease {
  readonly client: Promise<pg.PoolClient>;
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

  /** @throws what Postgres, the pool or the connection says */
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
      if (!/^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code))) lease.broken = true;
      throw error;
    } finally {
      lease.statements--;
      if (lease.statements === 0 || lease.broken) this.#end(stripe, lease);
    }
  }

  #lease(stripe: number): Lease {
    const shared = this.#leases.get(stripe);
    if (shared !== undefined) return shared;
    const lease = { client: this.#connect(), statements: 0, broken: false, ended: false };
    // Each of its statements is told of a failure: here it is nobody's.
    lease.client.catch(ignore);
    if (this.#options.pipelined) this.#leases.set(stripe, lease);
    return lease;
  }

  /** What is still in flight on a broken connection fails with it. */
  #end(stripe: number, lease: Lease): void {
    if (this.#leases.get(stripe) === lease) this.#leases.delete(stripe);
    if (lease.ended) return;
    lease.ended = true;
    lease.client.then((client) => giveBack(client, lease), ignore);
  }

  /**
   * What is too late for this batch is in time for a later one: a database that takes longer to sign in to than a call
   * may wait would never be reached.
   */
  async #connect(): Promise<pg.PoolClient> {
    const connecting = this.#options.pool.connect().then((client) => {
      // A connection that breaks tells its statements, and everybody: without a listener that ends the process.
      client.on('error', ignore);
      return client;
    });
    const withinMs = this.#options.connectWithinMs;
    if (withinMs === undefined) return await connecting;
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(new Error('timeout exceeded when trying to connect'));
      }, withinMs);
    });
    connecting.then((client) => {
      if (late) giveBack(client, { broken: false });
    }, ignore);
    try {
      return await Promise.race([connecting, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function giveBack(client: pg.PoolClient, { broken }: { readonly broken: boolean }): void {
  // One that is destroyed may tell of it later.
  if (!broken) client.off('error', ignore);
  client.release(broken);
}
