/**
 * Ends connections on which the database has fallen silent.
 *
 * A statement may take as long as it takes, an export for minutes. But where statements wait and a new connection gets no
 * answer either, the database is away: without this they would wait until the network gives up, a quarter of an hour, and
 * hold the pool all that time, also when the database is long back.
 */
import pg from 'pg';

/** A statement that has waited so long makes the watch look whether the database is there. */
const SUSPICIOUS_AFTER_MS = 1_500;
const LOOK_EVERY_MS = 500;
/** For the look: to connect, and again for its statement. */
const ANSWER_WITHIN_MS = 700;

interface Waiting {
  readonly since: number;
  readonly end: () => void;
}

interface Watched {
  readonly connection: { readonly stream: { destroy(error: Error): void } };
}

export class SilenceWatch {
  /** The driver's client class, watched: for TypeORM's `extra: { Client }`. */
  readonly Client: typeof pg.Client;
  readonly #waiting = new Set<Waiting>();
  readonly #opensConnection: () => pg.Client;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  /** `Client` is what it watches, and looks by. */
  constructor({ databaseUrl, Client }: { databaseUrl: string; Client: typeof pg.Client }) {
    const application_name = 'rollgate-silence-watch';
    const timeouts = { connectionTimeoutMillis: ANSWER_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS };
    this.#opensConnection = () => new Client({ connectionString: databaseUrl, application_name, ...timeouts });
    this.Client = watchedClient(Client, (client) => this.#begin(client));
  }

  /** A statement was sent. The result is to be called when it has ended. */
  #begin(client: Watched): () => void {
    const silent = new Error('Connection terminated: the database does not answer');
    const waiting: Waiting = { since: performance.now(), end: () => client.connection.stream.destroy(silent) };
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
    return () => {
      this.#waiting.delete(waiting);
      if (this.#waiting.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  async #look(): Promise<void> {
    const lookedAt = performance.now();
    if (this.#isLooking || this.#since(lookedAt - SUSPICIOUS_AFTER_MS).length === 0) return;
    this.#isLooking = true;
    try {
      if (await this.#answers()) return;
      for (const { end } of this.#since(lookedAt)) end();
    } finally {
      this.#isLooking = false;
    }
  }

  /** Statements sent before then that still wait. */
  #since(instant: number): Waiting[] {
    return [...this.#waiting].filter(({ since }) => since < instant);
  }

  /** Also by refusing: only silence ends the others. */
  async #answers(): Promise<boolean> {
    const client = this.#opensConnection();
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch (error) {
      return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));
    } finally {
      // Not awaited: a silent server does not even say goodbye.
      client.end().catch(() => undefined);
    }
  }
}

function watchedClient(Client: typeof pg.Client, begin: (client: Watched) => () => void): typeof pg.Client {
  const Base = Client as unknown as new (...parameters: unknown[]) => Watched & { query(...args: unknown[]): unknown };
  class WatchedClient extends Base {
    override query(...args: unknown[]): unknown {
      const end = begin(this);
      const result = super.query(...args) as Partial<Promise<unknown> & NodeJS.EventEmitter> | undefined;
      if (typeof result?.then === 'function') result.then(end, end);
      // A stream of rows.
      else if (typeof result?.on === 'function') for (const event of ['close', 'error']) result.on(event, end);
      // With a callback, which the pool uses for statements of its own only.
      else end();
      return result;
    }
  }
  return WatchedClient as unknown as typeof pg.Client;
}
