/**
 * Runs decisions, each on a connection reserved for its stripe. With pipelined connections, the next batch of a stripe
 * is sent on the same connection before the previous one is answered, so batches are decided in the order sent.
 *
 * An answered batch is committed, but its grants may not be on disk yet: `flushed` waits for that. If nothing else is
 * in flight, or the database is distant, the flush is sent right behind the batch, so that a call waits for no second
 * round trip. Otherwise the batches share flushes.
 *
 * Invariants: a connection is not used again after any failure other than an error reported by Postgres; a batch waits
 * for the flush of an earlier one only on a connection to a distant database, where a flush is short beside a round
 * trip.
 */
import type pg from 'pg';
import { hasSqlState } from './faults.js';
import { Flushes, type FlushesOptions } from './flushes.js';
import type { KeptClient } from './kept-connections.js';

export interface DecisionConnectionsOptions extends FlushesOptions {
  /** Whether the connections of `kept` pipeline statements. */
  readonly pipelined: boolean;
  /** Whether a round trip takes longer than a flush usually does. Every batch carries its flush then. */
  readonly isDistant: () => boolean;
}

/** The answer to a batch. */
export interface AnsweredBatch<Row extends unknown[]> {
  readonly rows: Row[];
  /** Waits until the grants of the batch are on disk. @throws NotFlushedError */
  flushed(): Promise<void>;
}

/** A connection that is reserved while statements are in flight on it. */
interface Lease {
  readonly client: Promise<KeptClient>;
  /**
   * The answer to the batch, if a flush is behind it. The next batch takes another connection, after this answer.
   */
  answered: Promise<unknown> | undefined;
  statements: number;
  broken: boolean;
  ended: boolean;
}

const ignore = (): void => undefined;

/**
 * The statement with its time limit for the answer, multiplied: Postgres begins it when those before it are answered.
 * If the first one is not answered in time, the connection ends and the others fail with it.
 */
function behindOthers(statement: pg.QueryArrayConfig & TimeLimit, inFlight: number): pg.QueryArrayConfig {
  if (statement.query_timeout === undefined || inFlight === 1) return statement;
  return { ...statement, query_timeout: statement.query_timeout * inFlight } as pg.QueryArrayConfig;
}

/** What the driver's types lack. */
interface TimeLimit {
  readonly query_timeout?: number;
}

export class DecisionConnections {
  readonly #options: DecisionConnectionsOptions;
  readonly #flushes: Flushes;
  readonly #leases = new Map<number, Lease>();
  #statements = 0;

  constructor(options: DecisionConnectionsOptions) {
    this.#options = options;
    this.#flushes = new Flushes(options);
  }

  /** Sends one batch of a stripe. @throws NotAskedError, or the error of Postgres or of the connection */
  async decide<Row extends unknown[]>(stripe: number, batch: pg.QueryArrayConfig): Promise<AnsweredBatch<Row>> {
    const isDistant = this.#options.isDistant();
    const isAlone = this.#statements === 0 && this.#flushes.isIdle;
    const carriesFlush = this.#options.pipelined && (isDistant || isAlone);
    const lease = this.#lease(stripe);
    let sentAt = 0;
    let behind: Promise<void> | undefined;
    const answered = this.#run(stripe, lease, (client) => {
      sentAt = performance.now();
      const answer = client.query<Row>(behindOthers(batch, lease.statements));
      if (carriesFlush) {
        behind = this.#run(stripe, lease, () => this.#flushes.flushBehind(client));
        // A batch without grants waits for no flush.
        behind.catch(ignore);
      }
      return answer;
    });
    if (carriesFlush && !isDistant) lease.answered = answered;
    const { rows } = await answered;
    return { rows, flushed: () => behind ?? this.#flushes.flushed(sentAt) };
  }

  /** Flushes, without a batch that waits for it. @throws NotFlushedError */
  flush(): Promise<void> {
    return this.#flushes.flushed(Number.POSITIVE_INFINITY);
  }

  /** Closes the connections; those in use are closed once their statements are answered. */
  close(): Promise<void> {
    return this.#options.kept.end();
  }

  async #run<Result>(stripe: number, lease: Lease, send: (client: KeptClient) => Promise<Result>): Promise<Result> {
    lease.statements++;
    this.#statements++;
    try {
      return await send(await lease.client);
    } catch (error) {
      if (!hasSqlState(error)) lease.broken = true;
      throw error;
    } finally {
      lease.statements--;
      this.#statements--;
      if (lease.statements === 0 || lease.broken) this.#end(stripe, lease);
    }
  }

  #lease(stripe: number): Lease {
    const shared = this.#leases.get(stripe);
    if (shared !== undefined && shared.answered === undefined) return shared;
    const { kept, connectWithinMs, pipelined } = this.#options;
    const take = () => kept.take(connectWithinMs());
    const client = shared?.answered === undefined ? take() : shared.answered.then(take, take);
    const lease: Lease = { client, answered: undefined, statements: 0, broken: false, ended: false };
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
