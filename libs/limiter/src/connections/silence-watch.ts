/**
 * Ends what waits for a database that has fallen silent.
 *
 * A statement may take as long as it takes: an export takes minutes, and calls queue in a busy moment. But where something
 * waits and a new connection gets no answer either, the database is away: without this everything would wait until the
 * network gives up, a quarter of an hour, and hold the pool all that time, also when the database is long back.
 */
import pg from 'pg';

/** Something that has waited so long makes the watch look whether the database is there. */
const SUSPICIOUS_AFTER_MS = 1_500;
/** The same while the last look got no answer. */
const STILL_SILENT_AFTER_MS = 300;
const LOOK_EVERY_MS = 300;
/** For the look: to connect, and again for its statement. */
const ANSWER_WITHIN_MS = 700;

/** Everything that waits for a silent database ends within this time, on a machine that is not overloaded. */
export const SILENT_CALLS_END_WITHIN_MS = SUSPICIOUS_AFTER_MS + LOOK_EVERY_MS + 2 * ANSWER_WITHIN_MS;

/** The database does not answer, and what waited for it was ended. `isDatabaseAway` is true for it. */
export class DatabaseSilentError extends Error {
  override readonly name = 'DatabaseSilentError';
  constructor() {
    super('Connection terminated: the database does not answer');
  }
}

interface Waiting {
  readonly since: number;
  readonly end: (error: DatabaseSilentError) => void;
}

interface Watched {
  readonly connection: { readonly stream: { destroy(error: Error): void } };
}

export class SilenceWatch {
  /** The driver's client class, whose connecting and whose statements are watched: for a pool's or TypeORM's `Client`. */
  readonly Client: typeof pg.Client;
  readonly #waiting = new Set<Waiting>();
  readonly #newClient: () => pg.Client;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #wasSilent = false;

  /** `Client` is what it watches, and looks by. */
  constructor({ databaseUrl, Client }: { databaseUrl: string; Client: typeof pg.Client }) {
    const application_name = 'rollgate-silence-watch';
    const timeouts = { connectionTimeoutMillis: ANSWER_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS };
    this.#newClient = () => new Client({ connectionString: databaseUrl, application_name, ...timeouts });
    this.Client = watchedClient(Client, (client) => this.begin((silent) => client.connection.stream.destroy(silent)));
  }

  /** Something waits for the database from now on; `end` is called when that is silent. Call the result when it is over. */
  begin(end: (error: DatabaseSilentError) => void): () => void {
    const waiting: Waiting = { since: performance.now(), end };
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
    const suspiciousAfterMs = this.#wasSilent ? STILL_SILENT_AFTER_MS : SUSPICIOUS_AFTER_MS;
    if (this.#isLooking || this.#waitingSince(lookedAt - suspiciousAfterMs).length === 0) return;
    this.#isLooking = true;
    try {
      this.#wasSilent = !(await this.#answers());
      if (!this.#wasSilent) return;
      for (const { end } of this.#waitingSince(lookedAt)) end(new DatabaseSilentError());
    } finally {
      this.#isLooking = false;
    }
  }

  /** What began before then and is not over. */
  #waitingSince(instant: number): Waiting[] {
    return [...this.#waiting].filter(({ since }) => since < instant);
  }

  /** A refusal is an answer, too: only silence ends what waits. */
  async #answers(): Promise<boolean> {
    const client = this.#newClient();
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch (error) {
      return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));
    } finally {
      // Not awaited: a silent server does not confirm it.
      client.end().catch(() => undefined);
    }
  }
}

type Connected = (error?: Error | null, ...rest: unknown[]) => void;

interface StartingClient extends Watched {
  on(event: 'error', listener: () => void): unknown;
  query(...args: unknown[]): unknown;
  _connect(callback: Connected): void;
}

function watchedClient(Client: typeof pg.Client, begin: (client: Watched) => () => void): typeof pg.Client {
  const Base = Client as unknown as new (...parameters: unknown[]) => StartingClient;
  class WatchedClient extends Base {
    constructor(...parameters: unknown[]) {
      super(...parameters);
      // Its statements fail with it. Without a listener a connection that is lost while it is in use ends the process.
      this.on('error', () => undefined);
    }

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

    // Both forms of the driver's `connect` go through this one.
    override _connect(callback: Connected): void {
      const end = begin(this);
      super._connect((...answer) => {
        end();
        callback(...answer);
      });
    }
  }
  return WatchedClient as unknown as typeof pg.Client;
}
