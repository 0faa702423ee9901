/**
 * Ends statements and connection attempts that wait for an unresponsive database.
 *
 * A statement on a responsive database has no time limit: an export takes minutes, and calls queue at busy moments. But
 * if something has been waiting and a new connection gets no answer either, the database is unavailable. Without this
 * watch, everything would wait until the network times out, about 15 minutes, and would keep the pool occupied even
 * after the database is back.
 */
import pg from 'pg';
import { SingleFlight } from '../tasks/single-flight.js';

/** After a wait this long, the watch checks whether the database responds. */
const SUSPICIOUS_AFTER_MS = 1_500;
/** The same limit while the last check got no answer. */
const STILL_SILENT_AFTER_MS = 300;
const LOOK_EVERY_MS = 300;
/** Time limit of the check: for connecting, and again for its statement. */
const ANSWER_WITHIN_MS = 700;

/** Longest wait on an unresponsive database, in ms, on a machine that is not overloaded. */
export const SILENT_CALLS_END_WITHIN_MS = SUSPICIOUS_AFTER_MS + LOOK_EVERY_MS + 2 * ANSWER_WITHIN_MS;

/** The database does not respond, so the waiting operation was ended. `isDatabaseAway` returns true for this error. */
export class DatabaseSilentError extends Error {
  override readonly name = 'DatabaseSilentError';
  constructor() {
    super('Connection terminated: the database does not answer');
  }
}

interface WaitingOperation {
  readonly since: number;
  readonly end: (error: DatabaseSilentError) => void;
}

interface Watched {
  readonly connection: { readonly stream: { destroy(error: Error): void } };
}

/** Watches operations on one database and ends them when the database stops responding. */
export class SilenceWatch {
  /**
   * A client class of the driver whose connection attempts and statements are watched, for the `Client` option of a
   * pool or of TypeORM.
   */
  readonly Client: typeof pg.Client;
  readonly #waiting = new Set<WaitingOperation>();
  readonly #newClient: () => pg.Client;
  readonly #looks = new SingleFlight<void>();
  #timer: NodeJS.Timeout | undefined;
  #wasSilent = false;

  /** `Client` is the class to watch, also used for the checks. */
  constructor({ databaseUrl, Client }: { databaseUrl: string; Client: typeof pg.Client }) {
    const application_name = 'rollgate-silence-watch';
    const timeouts = { connectionTimeoutMillis: ANSWER_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS };
    this.#newClient = () => new Client({ connectionString: databaseUrl, application_name, ...timeouts });
    this.Client = watchedClient(Client, (client) => this.begin((silent) => client.connection.stream.destroy(silent)));
  }

  /**
   * Starts watching an operation. `end` is called if the database stops responding. Call the returned function when the
   * operation is over.
   */
  begin(end: (error: DatabaseSilentError) => void): () => void {
    const waiting: WaitingOperation = { since: performance.now(), end };
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => void this.#looks.run(() => this.#look()), LOOK_EVERY_MS).unref();
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
    if (this.#waitingSince(lookedAt - suspiciousAfterMs).length === 0) return;
    this.#wasSilent = !(await this.#answers());
    if (!this.#wasSilent) return;
    for (const { end } of this.#waitingSince(lookedAt)) end(new DatabaseSilentError());
  }

  /** The operations that began before `instant` and are not over. */
  #waitingSince(instant: number): WaitingOperation[] {
    return [...this.#waiting].filter(({ since }) => since < instant);
  }

  /** Whether the database responds. A rejected connection is also a response. */
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
      // Not awaited, because an unresponsive server does not confirm it.
      client.end().catch(() => undefined);
    }
  }
}

type OnConnected = (error?: Error | null, ...rest: unknown[]) => void;

interface WatchableClient extends Watched {
  on(event: 'error', listener: () => void): unknown;
  query(...args: unknown[]): unknown;
  _connect(callback: OnConnected): void;
}

function watchedClient(Client: typeof pg.Client, begin: (client: Watched) => () => void): typeof pg.Client {
  const Base = Client as unknown as new (...parameters: unknown[]) => WatchableClient;
  class WatchedClient extends Base {
    constructor(...parameters: unknown[]) {
      super(...parameters);
      // Statements on a lost connection fail by themselves. Without this listener, losing a connection in use would end
      // the process.
      this.on('error', () => undefined);
    }

    override query(...args: unknown[]): unknown {
      const end = begin(this);
      const result = super.query(...args) as Partial<Promise<unknown> & NodeJS.EventEmitter> | undefined;
      if (typeof result?.then === 'function') result.then(end, end);
      // The result is a stream of rows.
      else if (typeof result?.on === 'function') for (const event of ['close', 'error']) result.on(event, end);
      // The statement has a callback, which the pool uses only for its own statements.
      else end();
      return result;
    }

    // Both forms of the driver's `connect` call this method.
    override _connect(callback: OnConnected): void {
      const end = begin(this);
      super._connect((...answer) => {
        end();
        callback(...answer);
      });
    }
  }
  return WatchedClient as unknown as typeof pg.Client;
}
