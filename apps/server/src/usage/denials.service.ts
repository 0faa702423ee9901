import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { assertMay, type Caller } from '../authentication/caller.js';
import { Conditions } from '../database/conditions.js';
import { fromCursor, toPage } from '../http/cursor.js';
import { problem } from '../http/problem.js';
import type { countEvents, EventView, eventPage, explained, histogram, listEvents } from './denials.schemas.js';

type Filters = Omit<z.output<typeof countEvents>, 'buckets'>;

export interface EventRow {
  readonly id: string;
  readonly kind: EventView['kind'];
  readonly account: string;
  readonly api: string;
  readonly api_title: string;
  readonly group_id: string;
  readonly level: string[];
  readonly subject: string;
  readonly dimensions: Record<string, string>;
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
/** The period that pages and histograms cover when no time is given, so that older partitions are not read. */
const DEFAULT_SPAN_MS = 24 * 3_600_000;

const EVENTS = `SELECT e.*, (extract(epoch FROM e.first_at) * 1000000)::bigint AS first_us,
  coalesce((SELECT c.title FROM rollgate.catalogue c WHERE c.api = e.api), e.api) AS api_title FROM rollgate.limit_event e`;

@Injectable()
export class DenialsService {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  /** Newest first. */
  async list(query: z.output<typeof listEvents>): Promise<z.output<typeof eventPage>> {
    const { limit = PAGE, after } = query;
    const conditions = conditionsOf(query);
    if (after !== undefined) {
      const [us, id] = fromCursor(after, ['whole', 'text']);
      conditions.add(`(e.first_at, e.id) < ('epoch'::timestamptz + ?::bigint * interval '1 microsecond', ?)`, us, id);
    }
    const rows = await this.database.query<EventRow[]>(
      `${EVENTS} ${conditions.where} ORDER BY e.first_at DESC, e.id DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item: eventView, key: ({ first_us, id }) => [first_us, id] });
  }

  export(query: z.output<typeof listEvents>): { sql: string; values: unknown[] } {
    const conditions = conditionsOf(query);
    return { sql: `${EVENTS} ${conditions.where} ORDER BY e.first_at DESC, e.id DESC`, values: conditions.values };
  }

  async histogram({ buckets, ...filters }: z.output<typeof countEvents>): Promise<z.output<typeof histogram>> {
    const to = filters.to === undefined ? new Date() : new Date(filters.to);
    const from = filters.from === undefined ? new Date(to.getTime() - DEFAULT_SPAN_MS) : new Date(filters.from);
    if (from >= to) throw new HttpException(problem(422, 'from: must be before to'), 422);
    const bucketSeconds = Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000 / buckets));
    const conditions = conditionsOf({ ...filters, from: from.toISOString(), to: to.toISOString() });
    const bucket = conditions.fill('floor((extract(epoch FROM e.first_at) - ?::float8) / ?::float8)::int', [
      from.getTime() / 1000,
      bucketSeconds,
    ]);
    const rows = await this.database.query<{ bucket: number; minute: string; hour: string }[]>(
      `SELECT ${bucket} AS bucket, coalesce(sum(e.count) FILTER (WHERE e.window_name = 'minute'), 0) AS minute,
              coalesce(sum(e.count) FILTER (WHERE e.window_name = 'hour'), 0) AS hour
       FROM rollgate.limit_event e ${conditions.where} GROUP BY 1`,
      conditions.values,
    );
    const found = new Map(rows.map((row) => [row.bucket, row]));
    const count = Math.ceil((to.getTime() - from.getTime()) / 1000 / bucketSeconds);
    const counts = Array.from({ length: count }, (_, i) => ({
      at: new Date(from.getTime() + i * bucketSeconds * 1000).toISOString(),
      minute: Number(found.get(i)?.minute ?? 0),
      hour: Number(found.get(i)?.hour ?? 0),
    }));
    const total = counts.reduce((sum, { minute, hour }) => sum + minute + hour, 0);
    return { from: from.toISOString(), to: to.toISOString(), bucketSeconds, counts, total };
  }

  /**
   * `id`: of a denial, or of its limit event.
   * @throws HttpException 404; ForbiddenException if an override set the limit, because the explanation includes its author
   * and reason
   */
  async explain(id: string, caller: Caller): Promise<z.output<typeof explained>> {
    const [events, explanations] = await Promise.all([
      this.database.query<EventRow[]>(
        `${EVENTS} WHERE e.id = split_part($1, '.', 1) AND NOT rollgate.is_internal(e.account)`,
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

function conditionsOf(filters: Filters): Conditions {
  return new Conditions()
    .add('NOT rollgate.is_internal(e.account)')
    .add('e.kind = ?', filters.kind)
    .add('e.account = ?', filters.account)
    .add('e.api = ?', filters.api)
    .add('e.group_id = ?', filters.group)
    .add('e.subject = ?', filters.subject)
    .add('e.window_name = ?', filters.window)
    .add('e.mode = ?', filters.mode)
    .add('e.source = ?', filters.source)
    .add('e.first_at >= ?::timestamptz', filters.from)
    .add('e.first_at < ?::timestamptz', filters.to);
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
    dimensions: row.dimensions,
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
