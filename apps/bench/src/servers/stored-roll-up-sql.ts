/** SQL for stored-reads.ts: what the roll-up makes of the events, and usage by day. */

const MONTHS = `SELECT rollgate.make_usage_month(m) FROM generate_series(
  date_trunc('month', clock_timestamp() - interval '90 days', 'UTC'), clock_timestamp(), interval '1 month') m`;

const SERIES = `INSERT INTO rollgate.usage_series (account, api, prefix)
  SELECT n.account, n.api, rollgate.encode_part(n.account) || '/' FROM (
    SELECT DISTINCT e.account, k.api FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
    UNION
    SELECT '', a.api FROM named_api a) n`;

/** As rollgate.roll_up_denials, for all hours that are over. */
const DENIALS = `
  WITH events AS MATERIALIZED (
    SELECT date_trunc('hour', e.first_at, 'UTC') AS hour, e.account, k.api, k.window_name, k.mode, coalesce(e.source, 'default') AS source,
           count(*) AS events, sum(e.count) AS calls, sum(coalesce(e.units, e.count::bigint * e.cost)) AS units
    FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
    WHERE e.first_at < date_trunc('hour', clock_timestamp(), 'UTC')
    GROUP BY 1, 2, 3, 4, 5, 6
  )
  INSERT INTO rollgate.denial_hour (series, hour, window_name, mode, source, calls, units, events)
  SELECT s.id, e.hour, e.window_name, e.mode, v.source, sum(e.calls), sum(e.units), sum(e.events)
  FROM events e
  CROSS JOIN LATERAL (VALUES (e.account, e.source), ('', '')) AS v (account, source)
  JOIN rollgate.usage_series s ON s.account = v.account AND s.api = e.api
  GROUP BY 1, 2, 3, 4, 5`;

const DONE = `INSERT INTO rollgate.roll_up (rolled_to, sealed_to, days_to, units_from, stepped_at)
  SELECT h.hour, h.hour, (h.hour AT TIME ZONE 'UTC')::date, h.hour - interval '90 days', clock_timestamp()
  FROM (SELECT date_trunc('hour', clock_timestamp(), 'UTC') AS hour) h`;

export const ROLL_UP = [MONTHS, SERIES, DENIALS, DONE] as const;

/** Days of an account and an API: series are accounts in turn, with one API more in each round. $1: series, $2: days. */
export const USAGE_DAYS = `
  WITH wanted AS (
    SELECT a.account, p.api FROM generate_series(0, $1::int - 1) g CROSS JOIN (SELECT count(*)::int AS accounts FROM named_account) n
    JOIN named_account a ON a.n = g % n.accounts JOIN named_api p ON p.n = g / n.accounts % 20
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api, prefix) SELECT w.account, w.api, w.account || '/' FROM wanted w
    ON CONFLICT (account, api) DO UPDATE SET prefix = excluded.prefix
    RETURNING id
  )
  INSERT INTO rollgate.usage_day (series, day, admitted, denied, shadow, outage, peak_minute, peak_hour, minutes_denied)
  SELECT s.id, (clock_timestamp() AT TIME ZONE 'UTC')::date - d, 1000 + s.id % 500, s.id % 7, 0, 0, 20 + s.id % 40, 300, s.id % 7
  FROM generate_series($2::int, 1, -1) d CROSS JOIN added s`;
