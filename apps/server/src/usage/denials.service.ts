import { HttpException, Inject, Injectable } from '@nestjs/common';
import { parseSubjectKey } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { assertMay, type Caller } from '../authentication/caller.js';
import { fromCursor, toPage } from '../http/cursor.js';
import { problem } from '../http/problem.js';
import { conditionsOf } from './denial-conditions.js';
import type { EventView, eventPage, explained, listEvents } from './denials.schemas.js';

export interface EventRow {
  readonly id: string;
  readonly kind: EventView['kind'];
  readonly account: string;
  readonly api: string;
  readonly api_title: string;
  readonly group_id: string;
  readonly level: string[];
  readonly subject: string;
  readonly window_name: EventView['window'];
  readonly per_minute: number;
  readonly per_hour: number;
  readonly used: number;
  readonly cost: number;
  readonly source: string;
  readonly mode: EventView['mode'];
  readonly first_at: Date;
  readonly last_at: Date;
  readonly count: number;
  readonly instance: string;
  readonly route: string | null;
  readonly request_id: string | null;
  readonly retry_at: Date | null;
  readonly merged: string;
  readonly first_us: string;
}

const PAGE = 50;
/** The dimensions follow from the subject, and are not read. */
const COLUMNS = `e.id, e.kind, e.account, e.api, e.group_id, e.level, e.subject, e.window_name, e.per_minute, e.per_hour, e.used, e.cost, e.source,
  e.mode, e.first_at, e.last_at, e.count, e.instance, e.route, e.request_id, e.retry_at, e.merged,
  (extract(epoch FROM e.first_at) * 1000000)::bigint AS first_us,
  coalesce((SELECT c.title FROM rollgate.catalogue c WHERE c.api = e.api), e.api) AS api_title`;

type Query = z.output<typeof listEvents>;

@Injectable()
export class DenialsService {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  /** Newest first. */
  async list(query: Query): Promise<z.output<typeof eventPage>> {
    const { limit = PAGE, after } = query;
    const conditions = conditionsOf(query);
    const cursor = after === undefined ? undefined : fromCursor(after, ['whole', 'text']);
    if (cursor !== undefined)
      conditions.add(
        `(e.first_at, e.id) < ('epoch'::timestamptz + ?::bigint * interval '1 microsecond', ?)`,
        ...cursor,
      );
    const hours = await this.#hoursOf(query, { rows: limit + 1, beforeUs: cursor?.[0] });
    const source =
      hours === undefined
        ? 'rollgate.limit_event e'
        : conditions.fill(
            `unnest(?::timestamptz[]) AS h (hour) JOIN rollgate.limit_event e ON e.first_at >= h.hour AND e.first_at < h.hour + interval '1 hour'`,
            [hours],
          );
    const rows = await this.database.query<EventRow[]>(
      `SELECT ${COLUMNS} FROM ${source} ${conditions.where} ORDER BY e.first_at DESC, e.id DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item: eventView, key: ({ first_us, id }) => [first_us, id] });
  }

  /**
   * The hours that hold the page, where no index leads to it: denials of one API, group, window or mode may be rare. Undefined:
   * read them in the order of time.
   */
  async #hoursOf(
    { kind, account, subject, api, group, window, mode, source, from, to }: Query,
    { rows, beforeUs }: { rows: number; beforeUs: unknown },
  ): Promise<readonly Date[] | undefined> {
    const isByIndex = account !== undefined || subject !== undefined || source !== undefined;
    if (kind !== 'denied' || isByIndex || !(api ?? group ?? window ?? mode)) return undefined;
    const found = await this.database.query<{ hours: Date[] }[]>(
      `SELECT rollgate.denial_hours($1, least($2, 'epoch'::timestamptz + $3::bigint * interval '1 microsecond'), $4, $5, $6, $7, $8) AS hours`,
      [from, to, beforeUs, rows, api, group, window, mode].map((value) => value ?? null),
    );
    return found[0]?.hours;
  }

  export(query: Query): { sql: string; values: unknown[] } {
    const conditions = conditionsOf(query);
    return {
      sql: `SELECT ${COLUMNS} FROM rollgate.limit_event e ${conditions.where} ORDER BY e.first_at DESC, e.id DESC`,
      values: conditions.values,
    };
  }

  /**
   * `id`: of a denial, or of its limit event.
   * @throws HttpException 404; ForbiddenException if an override set the limit, because the explanation includes its author
   * and reason
   */
  async explain(id: string, caller: Caller): Promise<z.output<typeof explained>> {
    const [events, explanations] = await Promise.all([
      this.database.query<EventRow[]>(
        `SELECT ${COLUMNS} FROM rollgate.limit_event e WHERE e.id = split_part($1, '.', 1) AND NOT rollgate.is_internal(e.account)`,
        [id],
      ),
      this.database.query<ExplanationRow[]>('SELECT * FROM rollgate.explain_denial($1)', [id]),
    ]);
    const [event, told] = [events[0], explanations[0]];
    if (event === undefined || told === undefined) {
      throw new HttpException(problem(404, `There is no denial "${id}" on record.`), 404);
    }
    if (told.source !== 'default') assertMay(caller, 'overrides.read');
    return {
      sentence: told.sentence,
      event: eventView(event),
      limit: told.limit,
      origin: {
        catalogueVersion: told.catalogue_version,
        override:
          told.source === 'default'
            ? null
            : {
                id: told.source,
                createdBy: told.override_created_by,
                reason: told.override_reason,
                ticket: told.override_ticket,
                expiresAt: told.override_expires_at?.toISOString() ?? null,
              },
      },
      filled: told.filled?.map(([second, units]) => ({ second, units })) ?? null,
      allowedAgainAt: told.allowed_again_at?.toISOString() ?? null,
    };
  }
}

interface ExplanationRow {
  readonly sentence: string;
  readonly limit: number;
  readonly source: string;
  readonly catalogue_version: number | null;
  readonly override_created_by: string | null;
  readonly override_reason: string | null;
  readonly override_ticket: string | null;
  readonly override_expires_at: Date | null;
  readonly filled: [second: number, units: number][] | null;
  readonly allowed_again_at: Date | null;
}

/** As `rollgate.dimensions_of`. */
function dimensionsOf({ account, level, subject }: EventRow): Record<string, string> {
  // Events that combine subjects have none.
  if (subject === '*') return {};
  return { ...(level.includes('account') ? { account } : {}), ...parseSubjectKey(subject).dimensions };
}

export function eventView(row: EventRow): EventView {
  return {
    id: row.id,
    kind: row.kind,
    account: row.account,
    api: row.api,
    apiTitle: row.api_title,
    group: row.group_id,
    level: row.level,
    subject: row.subject,
    dimensions: dimensionsOf(row),
    window: row.window_name,
    perMinute: row.per_minute,
    perHour: row.per_hour,
    used: row.used,
    cost: row.cost,
    source: row.source,
    mode: row.mode,
    firstAt: row.first_at.toISOString(),
    lastAt: row.last_at.toISOString(),
    count: row.count,
    instance: row.instance,
    route: row.route,
    requestId: row.request_id,
    retryAt: row.retry_at?.toISOString() ?? null,
    merged: row.merged,
  };
}
