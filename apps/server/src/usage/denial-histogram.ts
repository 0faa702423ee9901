/**
 * Denied calls over time. Spans of six hours or more have bars of whole hours, which come from the roll-up
 * (`rollgate.count_denials`); the first and the last bar cover only the requested part of their time. Shorter spans,
 * and filters that the roll-up does not have, are counted from the events.
 */
import { HttpException } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { problem } from '../http/problem.js';
import { conditionsOf } from './denial-conditions.js';
import type { countEvents, histogram } from './denials.schemas.js';

type Query = z.output<typeof countEvents>;
type Histogram = z.output<typeof histogram>;

/** The span when no time is given. */
const DEFAULT_SPAN_MS = 24 * 3_600_000;
const HOUR_SECONDS = 3_600;
const LEAST_SECONDS_BY_HOUR = 6 * HOUR_SECONDS;

interface Bars {
  /** Unix seconds of the first bar's start. */
  readonly start: number;
  readonly seconds: number;
  readonly count: number;
}

interface CountRow {
  readonly bar: number;
  readonly window_name: 'minute' | 'hour';
  readonly calls: string;
}

/** @throws HttpException 422 when `from` is not before `to` */
export async function countDenials(database: DataSource, { buckets, ...filters }: Query): Promise<Histogram> {
  const to = filters.to === undefined ? new Date() : new Date(filters.to);
  const from = filters.from === undefined ? new Date(to.getTime() - DEFAULT_SPAN_MS) : new Date(filters.from);
  if (from >= to) throw new HttpException(problem(422, 'from: must be before to'), 422);
  const span = { ...filters, from: from.toISOString(), to: to.toISOString() };
  const bars = barsOf({ from, to, buckets });
  const isRolled = bars.seconds % HOUR_SECONDS === 0 && filters.kind === 'denied' && filters.subject === undefined;
  const rows = isRolled ? await fromRollUp(database, span, bars) : await fromEvents(database, span, bars);
  const counts = Array.from({ length: bars.count }, (_, i) => ({
    at: new Date((bars.start + i * bars.seconds) * 1000).toISOString(),
    minute: 0,
    hour: 0,
  }));
  let total = 0;
  for (const { bar, window_name, calls } of rows) {
    const slot = counts[bar];
    if (slot === undefined) continue;
    slot[window_name] += Number(calls);
    total += Number(calls);
  }
  return { from: from.toISOString(), to: to.toISOString(), bucketSeconds: bars.seconds, counts, total };
}

function barsOf({ from, to, buckets }: { from: Date; to: Date; buckets: number }): Bars {
  const [begin, end] = [from.getTime() / 1000, to.getTime() / 1000];
  const seconds = Math.max(1, Math.ceil((end - begin) / buckets));
  if (end - begin < LEAST_SECONDS_BY_HOUR) return { start: begin, seconds, count: Math.ceil((end - begin) / seconds) };
  const hours = Math.ceil(seconds / HOUR_SECONDS) * HOUR_SECONDS;
  const start = Math.floor(begin / HOUR_SECONDS) * HOUR_SECONDS;
  return { start, seconds: hours, count: Math.ceil((end - start) / hours) };
}

type Span = Omit<Query, 'buckets' | 'from' | 'to'> & { readonly from: string; readonly to: string };

async function fromRollUp(database: DataSource, span: Span, { start, seconds }: Bars): Promise<CountRow[]> {
  const { from, to, account, api, group, window, mode, source } = span;
  return await database.query<CountRow[]>(
    `SELECT floor((extract(epoch FROM c.hour) - $1::float8) / $2::float8)::int AS bar, c.window_name, sum(c.calls) AS calls
     FROM rollgate.count_denials($3, $4, $5, $6, $7, $8, $9, $10) c GROUP BY 1, 2`,
    [start, seconds, from, to, account, api, group, window, mode, source].map((value) => value ?? null),
  );
}

async function fromEvents(database: DataSource, span: Span, { start, seconds }: Bars): Promise<CountRow[]> {
  const conditions = conditionsOf(span);
  const bar = conditions.fill('floor((extract(epoch FROM e.first_at) - ?::float8) / ?::float8)::int', [start, seconds]);
  return await database.query<CountRow[]>(
    `SELECT ${bar} AS bar, e.window_name, sum(e.count) AS calls FROM rollgate.limit_event e
     ${conditions.where} AND e.window_name IS NOT NULL GROUP BY 1, 2`,
    conditions.values,
  );
}
