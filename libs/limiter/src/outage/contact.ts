/**
 * Tracks whether the limiter has reached its database. Until then it decides nothing, because it does not know what was
 * granted before it was started: anything it allowed would come on top of that, again after each restart.
 */
import { EngineError } from '@rollgate/contract/database-engine';
import { codeOf, hasSqlState, NotAskedError } from '../connections/faults.js';
import { SchemaError } from '../connections/schema-version.js';
import type { Reports } from '../reports.js';
import { CatalogueConflictError } from '../store/register-catalogue.js';
import { jittered } from '../tasks/jitter.js';
import { SingleFlight } from '../tasks/single-flight.js';
import { TooLateError, within } from '../tasks/within.js';
import type { ContactState } from './contact-state.js';
import { LimiterUnavailableError } from './outage.js';

/** How long a call waits for the first attempt to end: a sign-in to a distant database takes several round trips. */
const FIRST_CALLS_WAIT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const MOST_RETRY_MS = 2_000;

/**
 * The limiter can't start. The message is one line that names the database and says what to do. It contains no
 * password.
 */
export class LimiterStartError extends Error {
  override readonly name = 'LimiterStartError';
}

export interface ContactOptions {
  /** Receives the results of the attempts. */
  readonly state: ContactState;
  /** Connects. Resolves when the limiter can decide. It must settle by itself. */
  readonly reach: () => Promise<void>;
  /** The database as `host:port/database`, for messages. */
  readonly place: () => string;
  readonly reports: Reports;
}

export class Contact {
  readonly #options: ContactOptions;
  readonly #attempts = new SingleFlight<void>();
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Whether the current or last attempt has a caller that receives its failure. */
  #isAwaited = false;
  #stopped = false;

  constructor(options: ContactOptions) {
    this.#options = options;
  }

  get reached(): boolean {
    return this.#options.state.reached;
  }

  /** Starts attempts in the background, until the database is reached. */
  begin(): void {
    this.#shared().catch((error: unknown) => this.#report(error as Error));
  }

  /**
   * Makes one attempt, or joins the current one. If it fails, more attempts follow in the background. @throws
   * LimiterStartError, CatalogueConflictError
   */
  start(): Promise<void> {
    if (this.reached) return Promise.resolve();
    const attempt = this.#shared();
    this.#isAwaited = true;
    return attempt;
  }

  /** Resolves when calls can be decided. @throws LimiterUnavailableError, CatalogueConflictError */
  async forCall(): Promise<void> {
    if (this.reached) return;
    // Wait only for the first attempt: it is not known whether later ones will succeed.
    const { failure } = this.#options.state;
    const first = failure === undefined ? this.#shared() : Promise.reject(failure);
    try {
      await within(FIRST_CALLS_WAIT_MS, first, 'the limiter did not reach its database');
    } catch (error) {
      // Waiting does not help: a person has to change one of the catalogues.
      if (error instanceof CatalogueConflictError) throw error;
      throw new LimiterUnavailableError(
        error,
        `the limiter has not reached its database yet: ${(error as Error).message}`,
      );
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  #shared(): Promise<void> {
    return this.#attempts.run(() => this.#try());
  }

  async #try(): Promise<void> {
    this.#isAwaited = false;
    const { state, reach, place, reports } = this.#options;
    try {
      await reach();
    } catch (error) {
      const failure = error instanceof CatalogueConflictError ? error : startError(error, place());
      state.failure = failure;
      this.#tryLater();
      throw failure;
    }
    state.reached = true;
    reports.over('start', `the limiter has reached its database at ${place()} and decides`);
  }

  #tryLater(): void {
    if (this.#stopped) return;
    const afterMs = jittered(this.#retryMs, { spread: 0.5 });
    this.#retryMs = Math.min(2 * this.#retryMs, MOST_RETRY_MS);
    this.#retry = setTimeout(() => this.begin(), afterMs).unref();
  }

  #report(error: Error): void {
    // The registrar has reported it.
    if (error instanceof CatalogueConflictError) return;
    const { message } = error;
    // A caller that waits for the start receives the reason as an error.
    if (this.#stopped || this.#isAwaited) return;
    this.#options.reports.trouble('start', {
      kind: 'waiting',
      message: `the limiter decides nothing until it has reached its database: ${message}`,
    });
  }
}

function startError(error: unknown, place: string): LimiterStartError {
  const cause = error instanceof NotAskedError ? (error.cause ?? error) : error;
  return new LimiterStartError(complaintAbout(cause, place), { cause });
}

/** SQLSTATEs of a server that was reached and rejects this login or this database. */
const REFUSED = /^(28|3D|42501|55000|53300)/;

function complaintAbout(error: unknown, place: string): string {
  if (error instanceof SchemaError) return error.message;
  if (error instanceof EngineError) return `the database at ${place} is refused: ${error.message}`;
  const reason = reasonOf(error);
  if (codeOf(error) === '42501')
    return `the database at ${place} refuses the limiter: ${reason}. Its login needs the rights of rollgate_runtime`;
  if (REFUSED.test(codeOf(error))) return `the database at ${place} refuses the limiter: ${reason}`;
  return `the limiter can not reach the database at ${place}: ${reason}`;
}

function reasonOf(error: unknown): string {
  // `localhost` may resolve to two addresses, and Node's error for both has an empty message.
  const { errors } = (error ?? {}) as { errors?: unknown[] };
  const one = errors?.[0] ?? error;
  const code = codeOf(one);
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host is not known';
  const message = one instanceof Error || hasMessage(one) ? String(one.message) : String(one);
  // An error with a SQLSTATE came from the server, even if its message names a setting such as statement_timeout.
  if (one instanceof TooLateError || (!hasSqlState(one) && /timeout/i.test(message)))
    return 'it does not answer in time';
  return message.split('\n', 1)[0] ?? message;
}

function hasMessage(value: unknown): value is { message: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value;
}
