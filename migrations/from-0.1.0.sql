-- Upgrades the tables of a database made by 0.1.0 (migrations 001-counters to 010-cheaper-decision) to those of 001-baseline.sql.
-- The comments, functions and views of the baseline, and access.sql, follow in the same transaction (from-0.1.0.ts).
--
-- Objects of 0.1.0 are dropped by name. Its schema `audit` is dropped if it contains nothing else; its views are now in rollgate_audit.

DROP VIEW
  audit.catalogue_history_v1,
  audit.catalogue_v1,
  audit.denials_by_hour_v1,
  audit.limit_events_v1,
  audit.limit_requests_v1,
  audit.override_history_v1,
  audit.overrides_in_force_v1,
  audit.recheck_decisions_v1,
  audit.request_history_v1,
  audit.staff_history_v1,
  audit.usage_by_minute_v1,
  audit.usage_now_v1,
  rollgate.override_history,
  rollgate.request_history;

DROP FUNCTION
  audit.explain_denial(text),
  audit.limit_as_of(text,text,text,timestamptz),
  audit.recheck_decisions(timestamptz,timestamptz),
  audit.usage_at(timestamptz),
  audit.verify_history(),
  rollgate.acquire(int[],text[],int[],int[],int[],int[],timestamptz),
  rollgate.acquire_cold(int[],text[],int[],int[],int[],int[],int[],int),
  rollgate.add_override(jsonb,rollgate.author,rollgate.ledger),
  rollgate.api_of_scope(text),
  rollgate.ask_limit(jsonb,rollgate.author),
  rollgate.catalogue_facts(rollgate.catalogue),
  rollgate.change_catalogue(text,int,jsonb,text,text,rollgate.author),
  rollgate.change_override(text,int,jsonb,text,rollgate.author),
  rollgate.check_ceiling(rollgate.override,rollgate.author),
  rollgate.create_override(jsonb,rollgate.author),
  rollgate.decide_request(text,int,boolean,jsonb,text,rollgate.author),
  rollgate.decision_number(text),
  rollgate.decode_part(text),
  rollgate.default_limits(rollgate.catalogue),
  rollgate.encode_part(text),
  rollgate.enter_lanes(int[]),
  rollgate.expire_override(text,int,text,rollgate.author),
  rollgate.explain_denial(text),
  rollgate.find_accounts(text,text,int),
  rollgate.find_subjects(text,int),
  rollgate.first_counted(smallint[],int[],smallint),
  rollgate.hand_over(),
  rollgate.history_hash(rollgate.history),
  rollgate.lanes_of(int),
  rollgate.leave_node(text),
  rollgate.limit_as_of(text,text,text,timestamptz),
  rollgate.limits_for(text,text,text,timestamptz),
  rollgate.list_subjects(int,text,text,int,timestamptz),
  rollgate.maintain_events(int,int,timestamptz),
  rollgate.make_event_day(date),
  rollgate.near_limit(int,int,timestamptz),
  rollgate.need_reason(text),
  rollgate.oldest_second(bigint,bigint,smallint[],int[]),
  rollgate.open_ledger(boolean),
  rollgate.override_at(text,int),
  rollgate.override_facts(rollgate.override),
  rollgate.peak_usage(int,text,timestamptz),
  rollgate.peek(int,text[],timestamptz),
  rollgate.put_catalogue(rollgate.catalogue,rollgate.catalogue,text,text,rollgate.author,rollgate.ledger,bigint),
  rollgate.put_override(rollgate.override,rollgate.override,text,text,rollgate.author,rollgate.ledger,bigint),
  rollgate.recently_freed(),
  rollgate.recheck_decisions(timestamptz,timestamptz),
  rollgate.record(text,text,text,text,rollgate.author,jsonb,jsonb,text,text,bigint),
  rollgate.record_staff(text,text,text,rollgate.author,jsonb,jsonb,text),
  rollgate.refund(int,text,int,int),
  rollgate.register_catalogue(jsonb,rollgate.author),
  rollgate.report_use(jsonb),
  rollgate.request_facts(rollgate.limit_request),
  rollgate.requests_of(text,text,text,bigint,int),
  rollgate.reset(int,text),
  rollgate.restore_override(text,int,timestamptz,text,rollgate.author),
  rollgate.second_of(int,text,bigint,int),
  rollgate.server_state(),
  rollgate.sweep(int,text,text,int,int,int,timestamptz),
  rollgate.sync_node(text,text,bigint,text,timestamptz),
  rollgate.undo(bigint,text,rollgate.author),
  rollgate.units_by_second(int[],text,int,int),
  rollgate.usage_at(timestamptz),
  rollgate.usage_by_minute(int,text,timestamptz),
  rollgate.usage_by_second(int,text,timestamptz),
  rollgate.utc(timestamptz,text),
  rollgate.verify_history(),
  rollgate.window_base(bigint,bigint,smallint[],int[],smallint),
  rollgate.window_filling(int,text,text,timestamptz),
  rollgate.write_events(jsonb);

-- 0.1.0 took over other objects in the schema: it made rollgate_owner their owner, revoked their functions from PUBLIC, and let
-- auditors read them. Their former owner is not on record, so a warning lists them for a person to return.
DO $$
DECLARE
  v_object record;
  v_kept   text[] := '{}';
BEGIN
  FOR v_object IN
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                ELSE 'TABLE' END AS kind,
           c.oid::regclass::text AS name, pg_has_role(c.relowner, 'USAGE') AS ours
    FROM pg_class c WHERE c.relnamespace = 'audit'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      -- A column's sequence belongs to its table.
      AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'FUNCTION', p.oid::regprocedure::text, pg_has_role(p.proowner, 'USAGE') FROM pg_proc p
    WHERE p.pronamespace = 'audit'::regnamespace
    UNION ALL
    SELECT 'TYPE', t.oid::regtype::text, pg_has_role(t.typowner, 'USAGE') FROM pg_type t
    WHERE t.typnamespace = 'audit'::regnamespace AND t.typrelid = 0 AND t.typelem = 0
    ORDER BY 1, 2
  LOOP
    v_kept := v_kept || (v_object.kind || ' ' || v_object.name);
    IF v_object.ours AND v_object.kind NOT IN ('TYPE', 'SEQUENCE') THEN
      EXECUTE format('REVOKE ALL ON %s %s FROM rollgate_auditor',
        CASE v_object.kind WHEN 'FUNCTION' THEN 'ROUTINE' ELSE 'TABLE' END, v_object.name);
    END IF;
  END LOOP;
  IF v_kept = '{}' THEN
    BEGIN
      DROP SCHEMA audit;
    EXCEPTION
      WHEN dependent_objects_still_exist THEN
        v_kept := ARRAY['an operator, a collation or another rare kind of object'];
    END;
  END IF;
  IF v_kept <> '{}' THEN
    REVOKE ALL ON SCHEMA audit FROM rollgate_auditor;
    RAISE WARNING 'The schema audit is kept: it contains objects that are not Rollgate''s: %. %', array_to_string(v_kept, ', '),
      '0.1.0 made rollgate_owner its owner and revoked EXECUTE on its functions from PUBLIC. Return each to its owner with '
      'ALTER … OWNER TO and GRANT EXECUTE, and the schema with ALTER SCHEMA audit OWNER TO.';
  END IF;
END $$;

-- Tables that changed since, and new ones.
CREATE INDEX counter_values ON rollgate.counter USING gin ((
  CASE WHEN strpos(subject, ',') = 0 THEN ARRAY[hashtext(split_part(subject, '=', -1)) & 65535]
    ELSE ARRAY[hashtext(split_part(split_part(subject, ',', -1), '=', -1)) & 65535,
               hashtext(split_part(split_part(subject, ',', -2), '=', -1)) & 65535,
               hashtext(split_part(split_part(subject, ',', -3), '=', -1)) & 65535] END)) WITH (gin_pending_list_limit = 2147483647);
ALTER TABLE rollgate.counter ADD COLUMN near_hour int;
-- 0.1.0 marked no subject that is near a limit: for the next hour, all live ones are looked at.
UPDATE rollgate.counter SET near_hour = minute / 60 WHERE minute > extract(epoch FROM clock_timestamp()) / 60 - 61;
CREATE INDEX counter_near ON rollgate.counter (near_hour) WHERE near_hour IS NOT NULL;
ALTER TABLE rollgate.freed
  ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  ADD COLUMN history_id bigint,
  ADD COLUMN actor text;
ALTER TABLE rollgate.freeing
  ADD COLUMN history_id bigint,
  ADD COLUMN actor text;
CREATE INDEX freed_by_xact ON rollgate.freed (xact);
REVOKE ALL ON rollgate.freed FROM rollgate_maintenance;
CREATE TABLE rollgate.freed_removed (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  xact xid8 NOT NULL
);
-- A placeholder for the triggers. The real function follows with the others.
CREATE FUNCTION rollgate.note_freed_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER removed AFTER DELETE ON rollgate.freed REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION rollgate.note_freed_removed();
CREATE TRIGGER emptied AFTER TRUNCATE ON rollgate.freed FOR EACH STATEMENT EXECUTE FUNCTION rollgate.note_freed_removed();
ALTER TABLE rollgate.node RENAME TO instance;
ALTER TABLE rollgate.instance RENAME CONSTRAINT node_pkey TO instance_pkey;
ALTER TABLE rollgate.instance ADD COLUMN counted int;
ALTER TABLE rollgate.instance ADD COLUMN mode_reason text;
-- Limit events are stored in shorter rows now, with fewer indexes. Each day is copied.
ALTER TABLE rollgate.limit_event RENAME TO limit_event_of_010;
CREATE TABLE rollgate.event_class (
  id          int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('denied', 'granted_sample')),
  api         text NOT NULL,
  group_id    text NOT NULL,
  level       text[] NOT NULL,
  window_name text CHECK (window_name IN ('minute', 'hour')),
  mode        text NOT NULL CHECK (mode IN ('enforced', 'shadow', 'fallback_allowed', 'fallback_denied')),
  merged      text NOT NULL CHECK (merged IN ('second', 'minute', 'longer')),
  route       text,
  key         text COLLATE "C" NOT NULL UNIQUE,
  CHECK (kind <> 'denied' OR window_name IS NOT NULL)
);
CREATE TABLE rollgate.event_instance (
  id   int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE rollgate.limit_event_row (
  first_at       timestamptz NOT NULL,
  last_at        timestamptz NOT NULL,
  retry_at       timestamptz,
  units          bigint,
  class          int NOT NULL,
  instance       int NOT NULL,
  policy_version int NOT NULL,
  lane           int,
  per_minute     int NOT NULL,
  per_hour       int NOT NULL,
  used           int NOT NULL,
  cost           int NOT NULL,
  count          int NOT NULL CHECK (count > 0),
  id             text COLLATE "C" NOT NULL,
  account        text NOT NULL,
  subject        text COLLATE "C" NOT NULL,
  source         text,
  request_id     text,
  route          text,
  filled         int[],
  PRIMARY KEY (id, first_at)
) PARTITION BY RANGE (first_at);
CREATE INDEX ON rollgate.limit_event_row (first_at);
CREATE INDEX ON rollgate.limit_event_row (account, first_at);
CREATE INDEX ON rollgate.limit_event_row (hashtext(split_part(split_part(subject, ',', -1), '=', -1)), first_at);
CREATE INDEX ON rollgate.limit_event_row (hashtext(split_part(split_part(subject, ',', -2), '=', -1)), first_at)
  WHERE strpos(subject, ',') > 0;
CREATE INDEX ON rollgate.limit_event_row (hashtext(request_id)) WHERE request_id IS NOT NULL;
INSERT INTO rollgate.event_class (kind, api, group_id, level, window_name, mode, merged, route, key)
SELECT DISTINCT e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, e.merged, e.route,
       ROW(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, e.merged, e.route)::text
FROM rollgate.limit_event_of_010 e;
INSERT INTO rollgate.event_instance (name) SELECT DISTINCT e.node FROM rollgate.limit_event_of_010 e;
DO $$
DECLARE
  v_name   text;
  v_bounds text;
BEGIN
  FOR v_name, v_bounds IN
    SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'rollgate.limit_event_of_010'::regclass
  LOOP
    EXECUTE format('ALTER TABLE rollgate.%I RENAME TO %I', v_name, v_name || '_of_010');
    EXECUTE format('CREATE TABLE rollgate.%I PARTITION OF rollgate.limit_event_row %s', v_name, v_bounds);
    EXECUTE format('INSERT INTO rollgate.%I (id, account, subject, lane, class, instance, per_minute, per_hour, used, cost, source,
        policy_version, first_at, last_at, count, units, request_id, retry_at, filled)
      SELECT e.id, e.account, e.subject, e.lane, k.id, i.id, e.per_minute, e.per_hour, e.used, e.cost, nullif(e.source, %L),
        e.policy_version, e.first_at, e.last_at, e.count, nullif(e.units, e.count::bigint * e.cost), e.request_id, e.retry_at,
        (SELECT array_agg((p ->> n)::int ORDER BY o, n)
         FROM jsonb_array_elements(e.filled) WITH ORDINALITY x (p, o), generate_series(0, 1) n)
      FROM rollgate.%I e
      JOIN rollgate.event_class k
        ON k.key = ROW(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, e.merged, e.route)::text COLLATE "C"
      JOIN rollgate.event_instance i ON i.name = e.node COLLATE "C"
      ORDER BY e.first_at', v_name, 'default', v_name || '_of_010');
  END LOOP;
END $$;
DROP TABLE rollgate.limit_event_of_010;
CREATE TABLE rollgate.instance_peak (
  minute    int PRIMARY KEY,
  instances int NOT NULL
);
CREATE TABLE rollgate.server (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  place text NOT NULL
);
CREATE TABLE rollgate.quarantine (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  since      timestamptz NOT NULL,
  until      timestamptz NOT NULL,
  reason     text NOT NULL,
  noticed_by text NOT NULL
);
CREATE UNLOGGED TABLE rollgate.second_seen (
  slot int PRIMARY KEY,
  at   timestamptz NOT NULL
);
CREATE TABLE rollgate.installation (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  roles text    NOT NULL CHECK (roles IN ('own', 'none'))
);
-- Usage by hour and by day. The roll-up begins with what is on record.
CREATE TABLE rollgate.usage_series (
  id      int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  api     text NOT NULL,
  prefix  text COLLATE "C" NOT NULL,
  UNIQUE (account, api)
);
CREATE INDEX ON rollgate.usage_series (prefix);
CREATE TABLE rollgate.usage_hour (
  admitted       bigint      NOT NULL DEFAULT 0,
  denied         bigint      NOT NULL DEFAULT 0,
  shadow         bigint      NOT NULL DEFAULT 0,
  outage         bigint      NOT NULL DEFAULT 0,
  hour           timestamptz NOT NULL,
  series         int         NOT NULL,
  peak_minute    int         NOT NULL DEFAULT 0,
  peak_hour      int         NOT NULL DEFAULT 0,
  minutes_denied smallint    NOT NULL DEFAULT 0,
  PRIMARY KEY (series, hour)
) PARTITION BY RANGE (hour);
CREATE INDEX ON rollgate.usage_hour USING brin (hour) WITH (autosummarize = on);
CREATE TABLE rollgate.usage_day (
  admitted       bigint   NOT NULL,
  denied         bigint   NOT NULL,
  shadow         bigint   NOT NULL,
  outage         bigint   NOT NULL,
  day            date     NOT NULL,
  series         int      NOT NULL,
  peak_minute    int      NOT NULL,
  peak_hour      int      NOT NULL,
  minutes_denied smallint NOT NULL,
  PRIMARY KEY (series, day)
);
CREATE INDEX ON rollgate.usage_day USING brin (day) WITH (autosummarize = on);
CREATE TABLE rollgate.denial_hour (
  calls       bigint      NOT NULL,
  units       bigint      NOT NULL,
  hour        timestamptz NOT NULL,
  series      int         NOT NULL,
  events      int         NOT NULL,
  window_name text        NOT NULL,
  mode        text        NOT NULL,
  source      text        NOT NULL,
  PRIMARY KEY (series, hour, window_name, mode, source)
) PARTITION BY RANGE (hour);
CREATE INDEX ON rollgate.denial_hour USING brin (hour) WITH (autosummarize = on);
CREATE TABLE rollgate.usage_refund (
  minute  int  NOT NULL,
  units   int  NOT NULL,
  lane    int  NOT NULL,
  subject text COLLATE "C" NOT NULL
);
CREATE TABLE rollgate.usage_late (
  hour timestamptz NOT NULL
);
CREATE TABLE rollgate.usage_day_due (
  day date PRIMARY KEY
);
CREATE TABLE rollgate.roll_up (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  rolled_to  timestamptz NOT NULL,
  sealed_to  timestamptz NOT NULL,
  days_to    date NOT NULL,
  units_from timestamptz NOT NULL,
  stepped_at timestamptz NOT NULL,
  stage      text NOT NULL DEFAULT 'waiting' CHECK (stage IN ('waiting', 'sealing', 'units', 'denials', 'day')),
  blockers   text[],
  lane       int,
  subject    text COLLATE "C",
  hour       timestamptz,
  minute     timestamptz,
  day        date,
  series     int
);
-- An override may multiply each API's default or add extra units, and every row refers to the history row of its newest change.
ALTER TABLE rollgate.override
  ADD COLUMN factor numeric CHECK (factor > 0 AND factor <= 1000 AND factor = round(factor, 3)),
  ADD COLUMN history_id bigint,
  ADD COLUMN extra_minute int CHECK (extra_minute BETWEEN 1 AND 1000000000),
  ADD COLUMN extra_hour   int CHECK (extra_hour BETWEEN 1 AND 1000000000),
  DROP CONSTRAINT override_check2,
  ADD CONSTRAINT override_sets_something CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR factor IS NOT NULL OR mode IS NOT NULL
    OR extra_minute IS NOT NULL OR extra_hour IS NOT NULL),
  ADD CONSTRAINT override_factor_or_limits CHECK (factor IS NULL OR per_minute IS NULL AND per_hour IS NULL),
  ADD CONSTRAINT override_extra_or_limits CHECK (extra_minute IS NULL AND extra_hour IS NULL
    OR factor IS NULL AND per_minute IS NULL AND per_hour IS NULL),
  ADD CONSTRAINT override_extra_ends CHECK (extra_minute IS NULL AND extra_hour IS NULL OR expires_at IS NOT NULL);
ALTER TABLE rollgate.override RENAME CONSTRAINT override_check3 TO override_check2;
ALTER TABLE rollgate.limit_request
  ADD COLUMN factor numeric CHECK (factor > 0 AND factor <= 1000 AND factor = round(factor, 3)),
  ADD COLUMN history_id bigint,
  DROP CONSTRAINT limit_request_check2,
  ADD CONSTRAINT limit_request_asks_something CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR factor IS NOT NULL),
  ADD CONSTRAINT limit_request_factor_or_limits CHECK (factor IS NULL OR per_minute IS NULL AND per_hour IS NULL);
ALTER TABLE rollgate.catalogue ADD COLUMN history_id bigint;
ALTER TABLE rollgate.catalogue
  ADD COLUMN message text NOT NULL DEFAULT 'Rate limit for this API has been reached. Please try again after some time.',
  ADD COLUMN retired_at timestamptz;
CREATE TABLE rollgate.catalogue_owner (
  application   text,
  api           text REFERENCES rollgate.catalogue,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (application, api)
);
CREATE INDEX ON rollgate.catalogue_owner (api);
-- 0.1.0 did not record which application registered an API. The first one that registers it takes it over.
INSERT INTO rollgate.catalogue_owner SELECT '(before 0.2.0)', c.api, c.changed_at FROM rollgate.catalogue c;
UPDATE rollgate.override o SET history_id = (SELECT max(h.id) FROM rollgate.history h WHERE h.kind = 'override' AND h.target = o.id);
UPDATE rollgate.limit_request r SET history_id = (SELECT max(h.id) FROM rollgate.history h WHERE h.kind = 'request' AND h.target = r.id);
UPDATE rollgate.catalogue c SET history_id = (
  SELECT max(h.id) FROM rollgate.history h WHERE h.kind = 'catalogue' AND h.target = c.api AND h.action NOT IN ('add', 'ship'));
-- Plans: named sets of limits. An account has the plan of its assignment in force, or the plan that its call brings.
CREATE TABLE rollgate.plan (
  id          text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  title       text NOT NULL CHECK (btrim(title) <> ''),
  description text NOT NULL DEFAULT '',
  version     int  NOT NULL DEFAULT 1,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL,
  changed_by  text NOT NULL,
  changed_at  timestamptz NOT NULL,
  changed_in  bigint NOT NULL,
  retired_at  timestamptz,
  history_id  bigint
);
CREATE TABLE rollgate.plan_limit (
  plan       text NOT NULL REFERENCES rollgate.plan,
  group_id   text,
  api        text,
  per_minute int CHECK (per_minute BETWEEN 0 AND 1000000000),
  per_hour   int CHECK (per_hour BETWEEN 0 AND 1000000000),
  factor     numeric CHECK (factor > 0 AND factor <= 1000 AND factor = round(factor, 3)),
  CHECK (group_id IS NULL OR api IS NULL),
  CONSTRAINT plan_limit_sets_something CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR factor IS NOT NULL),
  CONSTRAINT plan_limit_factor_or_limits CHECK (factor IS NULL OR per_minute IS NULL AND per_hour IS NULL)
);
CREATE UNIQUE INDEX plan_limit_scope ON rollgate.plan_limit (plan, coalesce(group_id, ''), coalesce(api, ''));
CREATE SEQUENCE rollgate.plan_assignment_number;
CREATE TABLE rollgate.plan_assignment (
  id         text PRIMARY KEY,
  account    text NOT NULL CHECK (account <> ''),
  plan       text NOT NULL REFERENCES rollgate.plan,
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz CHECK (ends_at > starts_at),
  reason     text NOT NULL CHECK (btrim(reason) <> ''),
  ticket     text,
  version    int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  changed_in bigint NOT NULL,
  history_id bigint
);
CREATE INDEX ON rollgate.plan_assignment (account, starts_at DESC);
CREATE INDEX ON rollgate.plan_assignment (plan, account);
CREATE INDEX ON rollgate.plan_assignment (changed_in);
-- The access log: who signed in, who viewed an account, who exported.
CREATE TABLE rollgate.sign_in_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  first_at   timestamptz NOT NULL,
  last_at    timestamptz NOT NULL,
  times      int  NOT NULL CHECK (times > 0),
  outcome    text NOT NULL CHECK (outcome IN ('signed_in', 'wrong_password', 'unknown', 'disabled', 'too_many_attempts', 'oidc_refused',
                                              'signed_out', 'session_ended', 'token_used', 'token_refused')),
  method     text NOT NULL CHECK (method IN ('password', 'oidc', 'token')),
  login      text,
  staff_id   text,
  address    text,
  user_agent text,
  request_id text
);
CREATE INDEX ON rollgate.sign_in_log (first_at);
CREATE INDEX ON rollgate.sign_in_log (login, id);
CREATE INDEX ON rollgate.sign_in_log (address, id);
CREATE TABLE rollgate.access_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  first_at   timestamptz NOT NULL,
  last_at    timestamptz NOT NULL,
  times      int    NOT NULL CHECK (times > 0),
  actor      text   NOT NULL CHECK (actor <> ''),
  role       text,
  address    text,
  request_id text,
  action     text   NOT NULL CHECK (action IN ('view_account', 'list', 'export')),
  account    text,
  routes     text[] NOT NULL CHECK (cardinality(routes) > 0),
  filters    jsonb  NOT NULL,
  row_count  bigint,
  result     text CHECK (result IN ('complete', 'cut')),
  CHECK (action = 'export' OR result IS NULL),
  CHECK ((row_count IS NULL) = (result IS NULL))
);
CREATE INDEX ON rollgate.access_log (first_at);
CREATE INDEX ON rollgate.access_log (actor, id);
CREATE INDEX ON rollgate.access_log (account, id) WHERE account IS NOT NULL;
ALTER TABLE rollgate.history
  DROP CONSTRAINT history_kind_check,
  ADD CONSTRAINT history_kind_check CHECK (kind IN ('override', 'request', 'catalogue', 'staff', 'token', 'plan', 'assignment',
    'policy', 'reset'));
-- Changes that are made together are a batch.
CREATE SEQUENCE rollgate.batch_number;
ALTER TABLE rollgate.ledger ADD COLUMN batch text;
ALTER TABLE rollgate.history ADD COLUMN batch text;
CREATE INDEX ON rollgate.history (batch, id) WHERE batch IS NOT NULL;
CREATE TABLE rollgate.policy_file (
  hash    text PRIMARY KEY,
  content jsonb NOT NULL,
  kept_at timestamptz NOT NULL
);
