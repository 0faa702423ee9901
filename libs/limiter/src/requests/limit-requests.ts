/** The customer's side of limit requests: files a request for a custom limit and reads its state. */
import type { Catalogue, LimitRequest } from '@rollgate/contract';
import type pg from 'pg';
import { DEFAULT_LOOK_MS } from '../connections/decision-budget.js';
import { encodeAccount, parseSubjectKey, subjectKey } from '../subject/subject-key.js';
import { InvalidRequestError } from '../subject/subject-ref.js';
import { within } from '../tasks/within.js';

/** A limit request to file. Limits are in units. */
export interface NewLimitRequest {
  readonly account: string;
  readonly api?: string | undefined;
  readonly group?: string | undefined;
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
  readonly perMinute?: number | undefined;
  readonly perHour?: number | undefined;
  /** Multiplies each API's own default, instead of `perMinute` and `perHour`. */
  readonly factor?: number | undefined;
  /** When the custom limit should end, as an ISO 8601 time. */
  readonly until?: string | undefined;
  readonly reason: string;
  /** The denial that led to the request, with the facts from its support link. */
  readonly denial?: { readonly id: string; readonly facts: Readonly<Record<string, unknown>> } | undefined;
  /** The address that the request came from, for the history. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** The database rejected the limit request. `status` is the HTTP status to answer with (404, 409 or 422). */
export class LimitRequestRefused extends Error {
  override readonly name = 'LimitRequestRefused';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The HTTP status of an error raised by Rollgate's SQL functions (SQLSTATE RG404 is 404); `undefined` for any other
 * error.
 */
export function refusalStatus(error: unknown): number | undefined {
  const status = /^RG(4\d\d)$/.exec(String((error as { code?: unknown } | null)?.code))?.[1];
  return status === undefined ? undefined : Number(status);
}

interface LimitRequestRow {
  readonly number: string;
  readonly id: string;
  readonly account: string;
  readonly group_id: string | null;
  readonly api: string | null;
  readonly subject: string | null;
  readonly per_minute: number | null;
  readonly per_hour: number | null;
  /** The driver returns a numeric as text. */
  readonly factor: string | null;
  readonly until: Date | null;
  readonly reason: string;
  readonly asked_at: Date;
  readonly state: LimitRequest['state'];
  readonly decided_at: Date | null;
  readonly answer: string | null;
  readonly granted_per_minute: number | null;
  readonly granted_per_hour: number | null;
  readonly granted_factor: string | null;
  readonly granted_until: Date | null;
}

const READ = 'SELECT * FROM rollgate.requests_of($1, $2, $3, $4, $5)';
const NO_ANSWER = 'the database did not answer';

interface Filing {
  readonly values: readonly unknown[];
  readonly account: string;
  /** True once the caller has stopped waiting. */
  abandoned: boolean;
}

/** Files and reads limit requests in the database. */
export class LimitRequests {
  readonly #pool: pg.Pool;
  readonly #catalogue: Catalogue;

  constructor({ pool, catalogue }: { pool: pg.Pool; catalogue: Catalogue }) {
    this.#pool = pool;
    this.#catalogue = catalogue;
  }

  /**
   * Files a limit request and returns it. If it fails for any reason, nothing was filed, so it can safely be repeated.
   *
   * @throws InvalidRequestError if the API or its dimensions are unknown
   * @throws LimitRequestRefused if the database rejects the request, for example because too many are open
   * @throws TooLateError after 2 s without an answer, or the driver's error
   */
  async file(request: NewLimitRequest): Promise<LimitRequest> {
    const account = request.account.normalize('NFC');
    const spec = {
      account,
      group_id: request.group ?? null,
      api: request.api ?? null,
      subject: this.#subject(request),
      per_minute: request.perMinute ?? null,
      per_hour: request.perHour ?? null,
      factor: request.factor ?? null,
      until: request.until ?? null,
      reason: request.reason,
      denial_id: request.denial?.id ?? null,
      denial: request.denial?.facts ?? null,
    };
    const author = [`account:${account}`, 'customer', request.address ?? null, request.requestId ?? null];
    try {
      const filing = { values: [JSON.stringify(spec), ...author], account, abandoned: false };
      const filed = this.#fileAndRead(filing);
      return await within(DEFAULT_LOOK_MS, filed, NO_ANSWER).finally(() => {
        filing.abandoned = true;
      });
    } catch (error) {
      const status = refusalStatus(error);
      throw status === undefined ? error : new LimitRequestRefused(status, (error as Error).message);
    }
  }

  /**
   * Finds a limit request by ID; `undefined` if the account has none with this ID.
   *
   * @throws TooLateError after 2 s without an answer, or the driver's error
   */
  async find(account: string, id: string): Promise<LimitRequest | undefined> {
    return (await this.#read([account.normalize('NFC'), id, null, null, 1]))[0];
  }

  /**
   * The newest limit request for a denial; `undefined` if there is none.
   *
   * @throws TooLateError after 2 s without an answer, or the driver's error
   */
  async ofDenial(account: string, denialId: string): Promise<LimitRequest | undefined> {
    return (await this.#read([account.normalize('NFC'), null, denialId, null, 1]))[0];
  }

  /**
   * The account's limit requests, newest first, at most 100.
   *
   * @throws TooLateError after 2 s without an answer, or the driver's error
   */
  async list(account: string): Promise<LimitRequest[]> {
    return await this.#read([account.normalize('NFC'), null, null, null, 100]);
  }

  /**
   * Files and reads the request in one transaction. A request that can't be read back or is too late is not filed
   * either, so an attempt that is reported as failed can safely be repeated.
   */
  async #fileAndRead(filing: Filing): Promise<LimitRequest> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<{ id: string }>(
        'SELECT id FROM rollgate.ask_limit($1, ROW($2, $3, $4, $5)::rollgate.author)',
        [...filing.values],
      );
      const read = await client.query<LimitRequestRow>(READ, [filing.account, rows[0]?.id, null, null, 1]);
      const request = requestOf(read.rows[0] as LimitRequestRow);
      if (filing.abandoned) throw new Error(NO_ANSWER);
      await client.query('COMMIT');
      return request;
    } catch (error) {
      await client.query('ROLLBACK').catch((broken: Error) => {
        failure = broken;
      });
      throw error;
    } finally {
      // Close a connection that could not roll back: its transaction may still be open.
      client.release(failure);
    }
  }

  async #read(values: readonly unknown[]): Promise<LimitRequest[]> {
    const { rows } = await this.#query<LimitRequestRow>(READ, values);
    return rows.map(requestOf);
  }

  /** Runs a query with a time limit, which also covers waiting for a connection of an unresponsive pool. */
  #query<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<pg.QueryResult<R>> {
    return within(DEFAULT_LOOK_MS, this.#pool.query<R>(text, [...values]), NO_ANSWER);
  }

  #subject({ account, api, dimensions }: NewLimitRequest): string | null {
    if (dimensions === undefined) return null;
    const entry = api === undefined ? undefined : this.#catalogue.find(api);
    if (entry === undefined) throw new InvalidRequestError('dimensions', 'need an api of the catalogue');
    const wanted = entry.level.filter((name) => name !== 'account');
    const missing = wanted.filter((name) => !Object.hasOwn(dimensions, name));
    if (wanted.length === 0 || missing.length > 0) {
      throw new InvalidRequestError('dimensions', `${entry.id} counts by ${entry.level.join(' and ')}`);
    }
    return subjectKey(entry, encodeAccount(account), { dimensions });
  }
}

function requestOf(row: LimitRequestRow): LimitRequest {
  return {
    id: row.id,
    account: row.account,
    api: row.api,
    group: row.group_id,
    dimensions: row.subject === null ? null : parseSubjectKey(row.subject).dimensions,
    perMinute: row.per_minute,
    perHour: row.per_hour,
    factor: numberOf(row.factor),
    until: row.until?.toISOString() ?? null,
    reason: row.reason,
    askedAt: row.asked_at.toISOString(),
    state: row.state,
    decidedAt: row.decided_at?.toISOString() ?? null,
    answer: row.answer,
    granted:
      row.state === 'approved'
        ? {
            perMinute: row.granted_per_minute,
            perHour: row.granted_per_hour,
            factor: numberOf(row.granted_factor),
            until: row.granted_until?.toISOString() ?? null,
          }
        : null,
  };
}

function numberOf(numeric: string | null): number | null {
  return numeric === null ? null : Number(numeric);
}
