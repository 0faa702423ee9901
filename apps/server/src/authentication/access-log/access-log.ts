/**
 * Writes the access log: who signed in or tried to, who viewed an account, who exported.
 *
 * Invariants: an export that can't be recorded is refused, and everything else goes on; what could not be recorded is
 * logged and counted, never dropped silently. The log has a connection of its own: an export holds one of the admin API's
 * connections while it is recorded, and must not wait for another one.
 */
import { Inject, Injectable, type OnApplicationShutdown, ServiceUnavailableException } from '@nestjs/common';
import { JitteredLoop } from '@rollgate/limiter';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Counter, Registry } from 'prom-client';
import { problem } from '../../http/problem.js';
import { LOGGER } from '../../logging/logger.js';
import { authorOf, type Caller } from '../caller.js';
import { CountedNotes } from './counted-notes.js';
import { type AccessNote, accessValues, NOTE_ACCESS, NOTE_SIGN_IN, type SignInNote, signInValues } from './notes.js';

export const ACCESS_LOG_POOL = Symbol('ACCESS_LOG_POOL');

const WRITE_COUNTED_EVERY_MS = 1_000;

const NOTE_COUNTED = `
  SELECT rollgate.note_sign_in(n.outcome, n.method, n.login, n."staffId", n.address, n."userAgent", n."requestId", n.times)
  FROM jsonb_to_recordset($1) n (outcome text, method text, login text, "staffId" text, address text, "userAgent" text,
    "requestId" text, times int)`;

@Injectable()
export class AccessLog implements OnApplicationShutdown {
  readonly #counted = new CountedNotes();
  readonly #loop = new JitteredLoop({ task: () => this.#writeCounted(), everyMs: WRITE_COUNTED_EVERY_MS });
  readonly #ends = new Set<Promise<void>>();
  /** Whether the last attempt to write what was counted failed. */
  #isLate = false;
  readonly #failures: Counter;

  constructor(
    @Inject(ACCESS_LOG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Registry) registry: Registry,
  ) {
    this.#failures = new Counter({
      name: 'rollgate_access_log_failures_total',
      help: 'Writes of the access log that failed: an account was read or a sign-in attempted without a record, or an export was refused',
      registers: [registry],
    });
    this.#loop.start();
  }

  /** A failed attempt to sign in. Takes the same time for each outcome. Never throws. */
  async signInFailed(note: SignInNote): Promise<void> {
    await this.#write(NOTE_SIGN_IN, signInValues(note)).catch((error: unknown) => this.#failed(error, note.outcome));
  }

  /** Counts an event that can come in floods. It is written within about a second. */
  count(note: SignInNote): void {
    this.#counted.add(note);
  }

  /** Never throws: what was read is shown although it is not on record. */
  async read(caller: Caller, note: AccessNote): Promise<void> {
    await this.#write(NOTE_ACCESS, accessValues(authorOf(caller), note)).catch((error: unknown) =>
      this.#failed(error, note.action),
    );
  }

  /** Resolves to the ID of the record. @throws ServiceUnavailableException: nothing may be sent then */
  async exportBegan(caller: Caller, note: AccessNote): Promise<string> {
    try {
      const { rows } = await this.#write<{ id: string }>(NOTE_ACCESS, accessValues(authorOf(caller), note));
      return rows[0]?.id as string;
    } catch (error) {
      this.#failed(error, note.action);
      const message = 'The export was not sent, because it could not be recorded in the access log. Please try again.';
      throw new ServiceUnavailableException(problem(503, message), { cause: error });
    }
  }

  /** `complete`: the client received all of it. Stopping the service waits for the record. */
  exportEnded(id: string, { rows, complete }: { rows: number; complete: boolean }): void {
    const end = this.#write('SELECT rollgate.note_export_end($1, $2, $3)', [id, rows, complete]).then(
      () => undefined,
      (error: unknown) => this.#failed(error, 'end of an export'),
    );
    this.#ends.add(end);
    void end.then(() => this.#ends.delete(end));
  }

  /** Runs after the last response was sent. */
  async onApplicationShutdown(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#ends);
    await this.#writeCounted();
    const lost = this.#counted.take().length;
    if (lost > 0) this.#failed(new Error('the service stops'), `${lost} counted events`);
    await this.pool.end();
  }

  #write<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    return this.pool.query<Row>(sql, values);
  }

  async #writeCounted(): Promise<void> {
    const notes = this.#counted.take();
    if (notes.length === 0) return;
    try {
      await this.#write(NOTE_COUNTED, [JSON.stringify(notes)]);
      this.#isLate = false;
    } catch (error) {
      this.#counted.giveBack(notes);
      // Once, not every second while the database is away.
      if (!this.#isLate)
        this.logger.warn(
          { reason: (error as Error).message },
          'counted events of the access log will be written later',
        );
      this.#isLate = true;
    }
  }

  #failed(error: unknown, what: string): void {
    this.#failures.inc();
    this.logger.error({ what, reason: (error as Error).message }, 'the access log could not be written');
  }
}
