/**
 * A fixed number of connections. They are opened at start, kept while idle, and reopened in the background when lost,
 * so that no call waits for a sign-in.
 *
 * Invariants: a connection has one user at a time; a lost connection is never handed out; while the database can't be
 * reached there is one connection attempt at a time, and requests for a connection are rejected immediately with the
 * reason.
 */
import type pg from 'pg';
import { jittered } from '../tasks/jitter.js';
import { NoFreeConnectionError, NotAskedError } from './faults.js';

/** Delay between two attempts while the database can't be reached. It doubles up to the maximum. */
const FIRST_RETRY_MS = 100;
const MOST_RETRY_MS = 1_000;
/** A connection that has not closed by then is destroyed: nothing more is expected from it. */
const END_WITHIN_MS = 500;
/** About 25 days, the longest delay that `setTimeout` accepts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const CLOSED = 'the connections are closed';

/** The driver's types lack these methods, which control whether the connection keeps the process alive. */
export interface KeptClient extends pg.Client {
  ref(): void;
  unref(): void;
}

export interface KeptConnectionsOptions {
  readonly size: number;
  /** Opens a connection that is ready to decide. It must settle by itself, whatever the network does. */
  readonly open: () => Promise<KeptClient>;
  /** Called when a connection was lost or could not be opened. */
  readonly onFault: (error: unknown) => void;
  /** Called when a connection could not be opened; `times` is the number of consecutive failures. */
  readonly onRefused: (error: Error, times: number) => void;
  /** Called when all connections are open again. */
  readonly onWhole: () => void;
}

interface Waiter {
  resolve(client: KeptClient): void;
  reject(error: unknown): void;
}

export class KeptConnections {
  readonly #options: KeptConnectionsOptions;
  /** The open connections, and since when, by `performance.now()`. */
  readonly #open = new Map<KeptClient, number>();
  readonly #free: KeptClient[] = [];
  #waiting: Waiter[] = [];
  /** Callers that wait for the current attempt. */
  #watching: { resolve(): void; reject(error: Error): void }[] = [];
  #opening = 0;
  /** Why the last attempt failed; `undefined` if it succeeded. */
  #failure: Error | undefined;
  /** Failed attempts since the last success. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: KeptConnectionsOptions) {
    this.#options = options;
  }

  /** Opens the missing connections. */
  start(): void {
    this.#refill();
  }

  /**
   * Resolves at once if a connection is open, otherwise when the current attempt succeeds.
   *
   * @throws NotAskedError when the database can't be reached
   */
  reachable(): Promise<void> {
    if (this.#open.size > 0) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#refill();
    return new Promise((resolve, reject) => this.#watching.push({ resolve, reject }));
  }

  /**
   * Reserves a connection until it is given back. With `first`, it gets the next free one before others that wait.
   *
   * @throws NotAskedError when none is free within `withinMs`, or when the database can't be reached
   */
  take(withinMs?: number, { first = false } = {}): Promise<KeptClient> {
    const client = this.#free.pop();
    if (client !== undefined) {
      client.ref();
      return Promise.resolve(client);
    }
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#refill();
    return this.#wait(withinMs, first);
  }

  /** Whether the connection was open and ready at `instant` of `performance.now()`, and still is. */
  wasOpenAt(client: KeptClient, instant: number): boolean {
    const since = this.#open.get(client);
    return since !== undefined && since < instant;
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

  /** Closes the free connections now, and the others when they are given back. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#refuse(new NotAskedError(CLOSED));
    const free = this.#free.splice(0);
    for (const client of free) this.#open.delete(client);
    await Promise.all(free.map((client) => endOf(client, END_WITHIN_MS)));
  }

  /** Waits for a connection. The timer also keeps the process alive; a connection that is being opened does not. */
  #wait(withinMs = LONGEST_TIMER_MS, first = false): Promise<KeptClient> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(this.#noneFree(withinMs));
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
      if (first) this.#waiting.unshift(waiter);
      else this.#waiting.push(waiter);
    });
  }

  #refill(): void {
    if (this.#ended || this.#retry !== undefined) return;
    // After a failure, make a single attempt to find out whether the database is back before opening all connections.
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
    this.#open.set(client, performance.now());
    // A lost connection also emits `error`, which would end the process if there were no listener.
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
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), MOST_RETRY_MS);
    this.#retry ??= setTimeout(
      () => {
        this.#retry = undefined;
        this.#refill();
      },
      jittered(retryMs, { spread: 0.5 }),
    ).unref();
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

  #noneFree(withinMs: number): NotAskedError {
    const message = `no connection to the database was free within ${Math.round(withinMs)} ms`;
    const areAllOpen = this.#open.size >= this.#options.size;
    return areAllOpen ? new NoFreeConnectionError(message) : new NotAskedError(message);
  }

  /** Why no connection is available now; `undefined` if one may become available. */
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

/** Closes a connection. Resolves when it has closed, or was destroyed because it did not close in time. */
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
