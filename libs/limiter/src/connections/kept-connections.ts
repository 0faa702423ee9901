/**
 * A fixed number of connections that are opened at start, kept while they are idle, and opened again in the background
 * when they are lost, so that no call pays for a sign-in.
 *
 * Invariants: a connection is used by one taker at a time; one that is lost is never given out; while the database can
 * not be reached there is one attempt at a time, and whoever wants a connection is refused at once with the reason.
 */
import type pg from 'pg';
import { NotAskedError } from '../outage/faults.js';

/** Between two attempts while the database can not be reached; it doubles up to the most. */
const FIRST_RETRY_MS = 100;
const MOST_RETRY_MS = 1_000;
/** A connection that does not end by then is cut: nothing of it is wanted any more. */
const END_WITHIN_MS = 500;
/** Some 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const CLOSED = 'the connections are closed';

/** The driver's types lack these two: whether the connection keeps the process alive. */
export interface KeptClient extends pg.Client {
  ref(): void;
  unref(): void;
}

export interface KeptConnectionsOptions {
  readonly size: number;
  /** Opens one, ready to decide. It must end by itself, whatever the network does. */
  readonly open: () => Promise<KeptClient>;
  /** A connection was lost, or could not be opened. */
  readonly onFault: (error: unknown) => void;
  /** A connection could not be opened, `times` in a row by now. */
  readonly onRefused: (error: Error, times: number) => void;
  /** All of them are open again. */
  readonly onWhole: () => void;
}

interface Waiter {
  resolve(client: KeptClient): void;
  reject(error: unknown): void;
}

export class KeptConnections {
  readonly #options: KeptConnectionsOptions;
  readonly #open = new Set<KeptClient>();
  readonly #free: KeptClient[] = [];
  #waiting: Waiter[] = [];
  /** Wait for the attempt under way. */
  #watching: { resolve(): void; reject(error: Error): void }[] = [];
  #opening = 0;
  /** Why the last attempt failed; `undefined`: it succeeded. */
  #failure: Error | undefined;
  /** Attempts that failed since one succeeded. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: KeptConnectionsOptions) {
    this.#options = options;
  }

  /** Opens what is missing. */
  start(): void {
    this.#refill();
  }

  /**
   * Resolves while the database can be reached, otherwise when the attempt under way has succeeded.
   * @throws NotAskedError when the database can not be reached
   */
  reachable(): Promise<void> {
    if (this.#open.size > 0) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#refill();
    return new Promise((resolve, reject) => this.#watching.push({ resolve, reject }));
  }

  /**
   * A connection for the taker alone, until it gives it back.
   * @throws NotAskedError when none is free within `withinMs`, or when the database can not be reached
   */
  take(withinMs?: number): Promise<KeptClient> {
    const client = this.#free.pop();
    if (client !== undefined) {
      client.ref();
      return Promise.resolve(client);
    }
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#refill();
    return this.#wait(withinMs);
  }

  giveBack(client: KeptClient, { broken }: { readonly broken: boolean }): void {
    if (broken || this.#ended || !this.#open.has(client)) {
      this.#lose(client);
      void endOf(client, broken ? 0 : END_WITHIN_MS);
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      client.ref();
      waiter.resolve(client);
      return;
    }
    // Idle connections do not keep the process alive.
    client.unref();
    this.#free.push(client);
  }

  /** Ends those that are free now, and the others when they are given back. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#refuse(new NotAskedError(CLOSED));
    const free = this.#free.splice(0);
    for (const client of free) this.#open.delete(client);
    await Promise.all(free.map((client) => endOf(client, END_WITHIN_MS)));
  }

  /** Also keeps the process alive: connections that are being opened do not. */
  #wait(withinMs = LONGEST_TIMER_MS): Promise<KeptClient> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(new NotAskedError(`no connection to the database was free within ${Math.round(withinMs)} ms`));
      }, withinMs);
      const waiter: Waiter = {
        resolve(client) {
          clearTimeout(timer);
          resolve(client);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiter);
    });
  }

  #refill(): void {
    if (this.#ended || this.#retry !== undefined) return;
    // After a failure one attempt finds out whether the database is back, before all of them are made.
    const most = this.#failure === undefined ? Number.POSITIVE_INFINITY : 1;
    while (this.#open.size + this.#opening < this.#options.size && this.#opening < most) void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.#opening++;
    try {
      const client = await this.#options.open();
      this.#opening--;
      this.#opened(client);
    } catch (error) {
      this.#opening--;
      this.#failed(error);
    }
    this.#refill();
  }

  #opened(client: KeptClient): void {
    this.#failure = undefined;
    this.#failures = 0;
    this.#open.add(client);
    // A lost connection is reported here too. Without a listener that would end the process.
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('a connection ended')));
    for (const { resolve } of this.#watching.splice(0)) resolve();
    this.giveBack(client, { broken: false });
    if (this.#open.size >= this.#options.size) this.#options.onWhole();
  }

  #failed(error: unknown): void {
    if (this.#ended) return;
    this.#failure = error as Error;
    this.#options.onFault(error);
    this.#options.onRefused(this.#failure, ++this.#failures);
    const refusal = this.#refusal();
    if (refusal !== undefined) this.#refuse(refusal);
    // Jittered, so that instances which lost the database together do not come back all at once.
    const afterMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), MOST_RETRY_MS) * (0.5 + Math.random());
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#refill();
    }, afterMs).unref();
  }

  #lost(client: KeptClient, error: unknown): void {
    if (!this.#open.has(client)) return;
    this.#options.onFault(error);
    this.#lose(client);
  }

  #lose(client: KeptClient): void {
    if (!this.#open.delete(client)) return;
    const place = this.#free.indexOf(client);
    if (place >= 0) this.#free.splice(place, 1);
    this.#refill();
  }

  /** Why no connection can be had for now. */
  #refusal(): NotAskedError | undefined {
    if (this.#ended) return new NotAskedError(CLOSED);
    if (this.#failure === undefined || this.#open.size > 0 || this.#opening > 0) return undefined;
    return new NotAskedError(this.#failure.message, { cause: this.#failure });
  }

  #refuse(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    for (const { reject } of this.#watching.splice(0)) reject(error);
  }
}

/** Resolves when it has ended, or was cut because it did not end in time. */
export async function endOf(client: pg.Client, withinMs: number): Promise<void> {
  const ignore = (): void => undefined;
  client.on('error', ignore);
  const cut = () => {
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  };
  if (withinMs === 0) {
    cut();
    return;
  }
  const timer = setTimeout(cut, withinMs);
  await client.end().catch(ignore);
  clearTimeout(timer);
}
