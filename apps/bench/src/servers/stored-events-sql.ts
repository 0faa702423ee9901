/** SQL for stored-reads.ts: limit events, overrides and plans. `named_account` and `named_api` are its temporary tables. */

/** Instances, and one class of events for each API, window and mode. */
export const EVENT_KINDS = [
  `INSERT INTO rollgate.event_instance (name) SELECT 'instance-' || g FROM generate_series(1, 4) g`,
  `INSERT INTO rollgate.event_class (kind, api, group_id, level, window_name, mode, merged, route, key)
   SELECT 'denied', a.api, a.group_id, a.level, w, m, 'second', r.route,
          rollgate.event_class_key('denied', a.api, a.group_id, a.level, w, m, 'second', r.route)
   FROM named_api a CROSS JOIN unnest('{minute,hour}'::text[]) w CROSS JOIN unnest('{enforced,shadow}'::text[]) m
   CROSS JOIN LATERAL (SELECT 'POST /api/public/bots/:botId/' || a.api AS route) r`,
] as const;

/** Every twentieth account has an override of one API. */
export const OVERRIDES = [
  `INSERT INTO rollgate.override (id, account, api, per_minute, starts_at, expires_at, reason, created_by, created_at, changed_at,
     created_in, changed_in)
   SELECT 'ovr_' || nextval('rollgate.override_number'), a.account, p.api, 500, t.begun, t.begun + interval '60 days', 'bench', 'staff:bench', t.begun, t.begun, a.n + 1, 1
   FROM (SELECT clock_timestamp() - interval '30 days' AS begun) t CROSS JOIN named_account a JOIN named_api p ON p.n = a.n % 20
   WHERE a.n % 20 = 10`,
] as const;

/** Every tenth account has a plan. */
export const PLANS = [
  `INSERT INTO rollgate.plan (id, title, created_by, created_at, changed_by, changed_at, changed_in)
   SELECT 'pro', 'Pro', 'staff:bench', t.begun, 'staff:bench', t.begun, 1 FROM (SELECT clock_timestamp() - interval '60 days' AS begun) t`,
  `INSERT INTO rollgate.plan_limit (plan, factor) VALUES ('pro', 3)`,
  `INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, reason, created_by, created_at, changed_at, changed_in)
   SELECT 'asg_' || nextval('rollgate.plan_assignment_number'), a.account, 'pro', t.begun, 'bench', 'staff:bench', t.begun, t.begun, 1
   FROM (SELECT clock_timestamp() - interval '60 days' AS begun) t CROSS JOIN named_account a WHERE a.n % 10 = 0`,
] as const;

/**
 * Denials come in bursts: a subject is denied in each second of a minute. Bursts are spread evenly over the day. A twentieth of all
 * accounts is denied, some of them far more often than others. $1: days ago, $2: bursts.
 */
export const EVENT_DAY = {
  perBurst: 60,
  partition: `SELECT rollgate.make_event_day((clock_timestamp() AT TIME ZONE 'UTC')::date - $1::int)`,
  rows: `
    INSERT INTO rollgate.limit_event_row (id, account, subject, lane, class, instance, per_minute, per_hour, used, cost, policy_version,
      first_at, last_at, count, request_id, retry_at, filled)
    SELECT 'bench' || to_hex($1::int) || 'Vq3f7wEj-' || to_hex(b.burst * 60 + s), a.account, a.account || '/' || p.api || '/bot=bot-' || b.account * 5 + b.bot,
           a.lane, k.id, 1 + b.burst % 4, p.per_minute, p.per_hour, CASE k.window_name WHEN 'hour' THEN p.per_hour ELSE p.per_minute END, 1,
           1, t.at, t.at + interval '0.4 s', 1 + (b.burst + s) % 20, gen_random_uuid(), t.at + interval '20 s',
           CASE WHEN s = 0 THEN (SELECT array_agg(x ORDER BY x) FROM generate_series(1, 40) x) END
    FROM (
      SELECT g AS burst, floor(power(random(), 3) * n.accounts / 20)::int * 20 + 10 AS account, floor(random() * 20)::int AS api,
             floor(random() * 5)::int AS bot, (ARRAY['minute', 'minute', 'minute', 'hour'])[1 + floor(random() * 4)::int] AS window_name,
             CASE WHEN random() < 0.9 THEN 'enforced' ELSE 'shadow' END AS mode
      FROM generate_series(0, $2::int - 1) g CROSS JOIN (SELECT count(*) AS accounts FROM named_account) n
      OFFSET 0
    ) b
    JOIN named_account a ON a.n = b.account
    JOIN named_api p ON p.n = b.api
    JOIN rollgate.event_class k ON k.api = p.api AND k.window_name = b.window_name AND k.mode = b.mode
    CROSS JOIN generate_series(0, 59) s
    CROSS JOIN LATERAL (
      SELECT date_trunc('day', clock_timestamp(), 'UTC') - $1::int * interval '1 day' + (b.burst * 86340.0 / $2::int + s + 0.123) * interval '1 s' AS at
    ) t
    WHERE t.at < clock_timestamp()
    ORDER BY t.at`,
} as const;
