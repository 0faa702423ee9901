-- Policy: which limits apply to whom, who changed them, and why.
--
-- Every change is one function here. Each takes the ledger's row lock first, so that changes are one after the other: the
-- policy's version has no gaps that fill later (a node that has seen version 7 has seen all up to 7), and the history is
-- one chain. No role but the owner can write these tables, so there is no change without its history.
--
-- Errors a person can mend have SQLSTATEs of their own, named after the HTTP status they become: RG403, RG404, RG409, RG412,
-- RG422.

CREATE TYPE rollgate.author AS (
  actor      text,  -- e.g. staff:ann@example.com, account:acme, token:ci, cli:root
  role       text,  -- support, admin, customer, …
  address    text,  -- where from
  request_id text
);

CREATE TABLE rollgate.ledger (
  one            boolean PRIMARY KEY DEFAULT true CHECK (one),
  policy_version bigint NOT NULL DEFAULT 0,
  history_id     bigint NOT NULL DEFAULT 0,
  history_hash   text   NOT NULL DEFAULT '',
  history_at     timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO rollgate.ledger DEFAULT VALUES;

COMMENT ON TABLE  rollgate.ledger IS 'One row: the version of the policy and the end of the history''s chain. Whoever changes anything holds its lock';
COMMENT ON COLUMN rollgate.ledger.policy_version IS 'goes up by one with each change of an override or of the catalogue';

-- The catalogue as programs ship it, and what admins have made of it.
CREATE TABLE rollgate.catalogue (
  api                text PRIMARY KEY,
  ord                int  NOT NULL,
  title              text NOT NULL,
  group_id           text NOT NULL,
  group_title        text NOT NULL,
  level              text[] NOT NULL,
  scope              text NOT NULL CHECK (scope IN ('api', 'group')),
  shipped_per_minute int NOT NULL CHECK (shipped_per_minute BETWEEN 0 AND 1000000000),
  shipped_per_hour   int NOT NULL CHECK (shipped_per_hour BETWEEN 0 AND 1000000000),
  per_minute         int CHECK (per_minute BETWEEN 0 AND 1000000000),
  per_hour           int CHECK (per_hour BETWEEN 0 AND 1000000000),
  shadow             boolean NOT NULL DEFAULT false,
  version            int NOT NULL DEFAULT 1,
  changed_in         bigint NOT NULL,
  changed_at         timestamptz NOT NULL,
  changed_by         text NOT NULL
);

COMMENT ON TABLE  rollgate.catalogue IS 'One row an API: its default limits, as shipped and as edited';
COMMENT ON COLUMN rollgate.catalogue.per_minute IS 'edited default; NULL: as shipped';
COMMENT ON COLUMN rollgate.catalogue.shadow     IS 'true: denials of this API are recorded, not enforced';

CREATE SEQUENCE rollgate.override_number;

CREATE TABLE rollgate.override (
  id         text PRIMARY KEY,
  account    text NOT NULL CHECK (account <> ''),
  group_id   text,
  api        text,
  subject    text COLLATE "C",
  scope      text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN subject IS NOT NULL THEN 'subject' WHEN api IS NOT NULL THEN 'api' WHEN group_id IS NOT NULL THEN 'group' ELSE 'account' END) STORED,
  per_minute int CHECK (per_minute BETWEEN 0 AND 1000000000),
  per_hour   int CHECK (per_hour BETWEEN 0 AND 1000000000),
  mode       text CHECK (mode IN ('enforced', 'shadow')),
  starts_at  timestamptz NOT NULL,
  expires_at timestamptz,
  reason     text NOT NULL CHECK (btrim(reason) <> ''),
  ticket     text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  request_id text,
  version    int NOT NULL DEFAULT 1,
  created_in bigint NOT NULL,
  changed_in bigint NOT NULL,
  CHECK (group_id IS NULL OR api IS NULL),
  CHECK (subject IS NULL OR api IS NOT NULL),
  CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR mode IS NOT NULL),
  CHECK (expires_at > starts_at)
);
CREATE INDEX ON rollgate.override (account, created_in DESC);
CREATE INDEX ON rollgate.override (changed_in);
CREATE INDEX ON rollgate.override (expires_at);
CREATE INDEX ON rollgate.override (ticket) WHERE ticket IS NOT NULL;

COMMENT ON TABLE  rollgate.override IS 'Custom limits of accounts. The most specific one that holds wins; among equals the newest';
COMMENT ON COLUMN rollgate.override.subject    IS 'key of the one subject it is for, as in rollgate.counter';
COMMENT ON COLUMN rollgate.override.per_minute IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.override.per_hour   IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.override.mode       IS 'shadow: denials are recorded, not enforced; NULL: says nothing about that';
COMMENT ON COLUMN rollgate.override.expires_at IS 'holds until just before; NULL: permanent';
COMMENT ON COLUMN rollgate.override.request_id IS 'the limit request it was made for';

-- What an override was good for, told by the nodes every few seconds.
CREATE TABLE rollgate.override_use (
  override_id   text PRIMARY KEY REFERENCES rollgate.override,
  first_used_at timestamptz NOT NULL,
  last_used_at  timestamptz NOT NULL,
  peak_minute   int NOT NULL,
  peak_hour     int NOT NULL,
  needed_at     timestamptz
);

COMMENT ON TABLE  rollgate.override_use IS 'Overrides that decided calls, and how far they were used';
COMMENT ON COLUMN rollgate.override_use.needed_at IS 'last time a call was admitted that the default would have denied; NULL: never';

CREATE SEQUENCE rollgate.limit_request_number;

CREATE TABLE rollgate.limit_request (
  id          text PRIMARY KEY,
  number      bigint NOT NULL UNIQUE,
  account     text NOT NULL CHECK (account <> ''),
  group_id    text,
  api         text,
  subject     text COLLATE "C",
  per_minute  int CHECK (per_minute BETWEEN 0 AND 1000000000),
  per_hour    int CHECK (per_hour BETWEEN 0 AND 1000000000),
  until       timestamptz,
  reason      text NOT NULL CHECK (btrim(reason) <> ''),
  ticket      text,
  denial_id   text,
  denial      jsonb,
  asked_by    text NOT NULL,
  asked_at    timestamptz NOT NULL,
  needs_admin boolean NOT NULL DEFAULT false,
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'declined')),
  decided_by  text,
  decided_at  timestamptz,
  answer      text,
  override_id text REFERENCES rollgate.override,
  version     int NOT NULL DEFAULT 1,
  CHECK (group_id IS NULL OR api IS NULL),
  CHECK (subject IS NULL OR api IS NOT NULL),
  CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL)
);
CREATE INDEX ON rollgate.limit_request (account, asked_at DESC);
CREATE INDEX ON rollgate.limit_request (state, asked_at);
CREATE INDEX ON rollgate.limit_request (ticket) WHERE ticket IS NOT NULL;

COMMENT ON TABLE  rollgate.limit_request IS 'Wishes for a custom limit, of customers and of staff above their ceiling';
COMMENT ON COLUMN rollgate.limit_request.number      IS 'requests are filed in this order';
COMMENT ON COLUMN rollgate.limit_request.until       IS 'wanted until then; NULL: for good';
COMMENT ON COLUMN rollgate.limit_request.denial      IS 'the denial it was asked for, as its signed link told';
COMMENT ON COLUMN rollgate.limit_request.needs_admin IS 'asked for above the ceiling of whoever asked';

ALTER TABLE rollgate.override ADD FOREIGN KEY (request_id) REFERENCES rollgate.limit_request;

-- How far a role may go. A role that is not here may change no limit.
CREATE TABLE rollgate.ceiling (
  role  text PRIMARY KEY,
  times int,
  days  int
);
INSERT INTO rollgate.ceiling VALUES ('support', 10, 30), ('admin', NULL, NULL);

COMMENT ON TABLE  rollgate.ceiling IS 'What each role may grant';
COMMENT ON COLUMN rollgate.ceiling.times IS 'times the least default in the scope; NULL: without bound';
COMMENT ON COLUMN rollgate.ceiling.days  IS 'from now; NULL: also permanent';

-- What happened. One chain: each row carries the hash of the row before.
CREATE TABLE rollgate.history (
  id            bigint PRIMARY KEY,
  at            timestamptz NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('override', 'request', 'catalogue', 'staff', 'token')),
  action        text NOT NULL,
  target        text NOT NULL,
  account       text,
  actor         text NOT NULL,
  role          text,
  address       text,
  request_id    text,
  before        jsonb,
  after         jsonb,
  reason        text,
  ticket        text,
  undoes        bigint,
  previous_hash text NOT NULL,
  hash          text NOT NULL
);
CREATE INDEX ON rollgate.history (kind, target, id);
CREATE INDEX ON rollgate.history (account, id) WHERE account IS NOT NULL;
CREATE INDEX ON rollgate.history (actor, id);

COMMENT ON TABLE  rollgate.history IS 'Every change of a limit, a request, the catalogue or the staff; append-only, chained by hashes';
COMMENT ON COLUMN rollgate.history.target IS 'id of what changed';
COMMENT ON COLUMN rollgate.history.undoes IS 'the row whose change this one took back';
COMMENT ON COLUMN rollgate.history.hash   IS 'SHA-256 of the row and the hash before it, in hex: rollgate.history_hash';

CREATE FUNCTION rollgate.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rollgate.history is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rollgate.history FOR EACH ROW EXECUTE FUNCTION rollgate.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON rollgate.history FOR EACH STATEMENT EXECUTE FUNCTION rollgate.refuse_change();

-- As JSON, so that no two rows have one text. Microseconds, so that no time zone matters.
CREATE FUNCTION rollgate.history_hash(h rollgate.history) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    h.previous_hash, h.id, (extract(epoch FROM h.at) * 1000000)::bigint, h.kind, h.action, h.target, h.account, h.actor, h.role,
    h.address, h.request_id, h.before, h.after, h.reason, h.ticket, h.undoes)::text, 'UTF8')), 'hex')
$$;

COMMENT ON FUNCTION rollgate.history_hash IS 'SHA-256 in hex of a row of the history and the hash of the row before it';

-- Takes the ledger's lock: from here on this is the only change. Returns it.
CREATE FUNCTION rollgate.open_ledger(p_policy boolean) RETURNS rollgate.ledger
LANGUAGE sql AS $$
  UPDATE rollgate.ledger
  SET policy_version = policy_version + p_policy::int, history_at = greatest(clock_timestamp(), history_at + interval '1 microsecond')
  RETURNING *
$$;

COMMENT ON FUNCTION rollgate.open_ledger IS 'Makes this transaction the only one that changes anything; true: the policy gets a new version';

CREATE FUNCTION rollgate.record(
  p_kind text, p_action text, p_target text, p_account text, p_by rollgate.author, p_before jsonb, p_after jsonb, p_reason text,
  p_ticket text DEFAULT NULL, p_undoes bigint DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_row rollgate.history;
BEGIN
  SELECT l.history_id + 1, l.history_at, l.history_hash INTO v_row.id, v_row.at, v_row.previous_hash FROM rollgate.ledger l FOR UPDATE;
  v_row.kind := p_kind;
  v_row.action := p_action;
  v_row.target := p_target;
  v_row.account := p_account;
  v_row.actor := p_by.actor;
  v_row.role := p_by.role;
  v_row.address := p_by.address;
  v_row.request_id := p_by.request_id;
  v_row.before := p_before;
  v_row.after := p_after;
  v_row.reason := p_reason;
  v_row.ticket := p_ticket;
  v_row.undoes := p_undoes;
  v_row.hash := rollgate.history_hash(v_row);
  INSERT INTO rollgate.history SELECT v_row.*;
  UPDATE rollgate.ledger SET history_id = v_row.id, history_hash = v_row.hash;
  RETURN v_row.id;
END $$;

COMMENT ON FUNCTION rollgate.record IS 'Appends one row to the history; its caller has opened the ledger';

-- The first row that is not what it was when it was written, or NULL.
CREATE FUNCTION rollgate.verify_history(OUT rows_checked bigint, OUT last_hash text, OUT broken_id bigint, OUT broken_why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH told AS (SELECT history_id, history_hash FROM rollgate.ledger),
  walked AS (
    SELECT h.id, h.hash,
           CASE
             WHEN h.id <> coalesce(lag(h.id) OVER w, 0) + 1 THEN 'the row before it is missing'
             WHEN h.previous_hash <> coalesce(lag(h.hash) OVER w, '') THEN 'it does not follow the row before it'
             WHEN h.hash <> rollgate.history_hash(h) THEN 'it was changed after it was written'
           END AS why
    FROM rollgate.history h
    WINDOW w AS (ORDER BY h.id)
  ),
  broken AS (
    SELECT id, why FROM walked WHERE why IS NOT NULL
    UNION ALL
    SELECT told.history_id, 'rows at the end are missing, or were added past the ledger'
    FROM told
    LEFT JOIN LATERAL (SELECT id, hash FROM walked ORDER BY id DESC LIMIT 1) last ON true
    WHERE (told.history_id, told.history_hash) IS DISTINCT FROM (coalesce(last.id, 0), coalesce(last.hash, ''))
    ORDER BY 1
    LIMIT 1
  )
  SELECT (SELECT count(*) FROM walked), (SELECT history_hash FROM told), (SELECT id FROM broken), (SELECT why FROM broken)
$$;

COMMENT ON FUNCTION rollgate.verify_history IS 'Proves the history''s chain, or names the first row that breaks it';

-- Default limits in force now.
CREATE FUNCTION rollgate.default_limits(c rollgate.catalogue, OUT per_minute int, OUT per_hour int)
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(c.per_minute, c.shipped_per_minute), coalesce(c.per_hour, c.shipped_per_hour)
$$;

COMMENT ON FUNCTION rollgate.default_limits IS 'An API''s default limits: as edited, or as shipped';

-- The limits that apply to one subject. The same rule runs on the nodes (libs/limiter/src/policy), held to one test.
CREATE FUNCTION rollgate.limits_for(p_account text, p_api text, p_subject text, p_at timestamptz DEFAULT NULL)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text)
LANGUAGE sql STABLE AS $$
  WITH fitting AS (
    SELECT o.*, row_number() OVER (ORDER BY o.subject IS NULL, o.api IS NULL, o.group_id IS NULL, o.created_in DESC) AS rank
    FROM rollgate.catalogue c
    JOIN rollgate.override o ON o.account = p_account
      AND (o.subject IS NULL OR o.subject = p_subject) AND (o.api IS NULL OR o.api = c.api) AND (o.group_id IS NULL OR o.group_id = c.group_id)
      AND o.starts_at <= coalesce(p_at, clock_timestamp())
      AND (o.expires_at IS NULL OR o.expires_at > coalesce(p_at, clock_timestamp()))
    WHERE c.api = p_api
  )
  SELECT coalesce(o.per_minute, d.per_minute), coalesce(o.per_hour, d.per_hour), coalesce(o.id, 'default'),
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank LIMIT 1),
                  CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END)
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE f.per_minute IS NOT NULL OR f.per_hour IS NOT NULL ORDER BY f.rank LIMIT 1
  ) o ON true
  WHERE c.api = p_api
$$;

COMMENT ON FUNCTION rollgate.limits_for IS 'Limits, their source and the mode of one subject of an API, now or at another time of the present policy';

-- Refuses what the role may not grant.
CREATE FUNCTION rollgate.check_ceiling(p_override rollgate.override, p_by rollgate.author) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_ceiling rollgate.ceiling;
  v_minute  bigint;
  v_hour    bigint;
BEGIN
  SELECT * INTO v_ceiling FROM rollgate.ceiling WHERE role = p_by.role;
  IF NOT found THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, 'of nobody') USING ERRCODE = 'RG403';
  END IF;
  SELECT min(d.per_minute), min(d.per_hour) INTO v_minute, v_hour
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d
  WHERE (p_override.api IS NULL OR c.api = p_override.api) AND (p_override.group_id IS NULL OR c.group_id = p_override.group_id);
  IF v_minute IS NULL THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(p_override.api, p_override.group_id) USING ERRCODE = 'RG404';
  END IF;
  IF p_override.per_minute > v_minute * v_ceiling.times OR p_override.per_hour > v_hour * v_ceiling.times THEN
    RAISE EXCEPTION 'The role % may grant up to % a minute and % an hour here: % times the default.',
      p_by.role, v_minute * v_ceiling.times, v_hour * v_ceiling.times, v_ceiling.times
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  -- A minute for clocks that differ and forms that take time.
  IF v_ceiling.days IS NOT NULL AND coalesce(p_override.expires_at, 'infinity') > clock_timestamp() + make_interval(days => v_ceiling.days, mins => 1) THEN
    RAISE EXCEPTION 'The role % may grant up to % days.', p_by.role, v_ceiling.days
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  IF v_ceiling.times IS NOT NULL AND p_override.mode = 'shadow' THEN
    RAISE EXCEPTION 'The role % may not switch enforcement off.', p_by.role USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_ceiling IS 'Refuses (RG403) an override above what its author''s role may grant';

-- The part of each override that is told: not what the database keeps for itself.
CREATE FUNCTION rollgate.override_facts(o rollgate.override) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', o.id, 'account', o.account, 'scope', o.scope, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
    'perMinute', o.per_minute, 'perHour', o.per_hour, 'mode', o.mode,
    'startsAt', to_char(o.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'expiresAt', to_char(o.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', o.reason, 'ticket', o.ticket, 'createdBy', o.created_by, 'requestId', o.request_id, 'version', o.version)
$$;

CREATE FUNCTION rollgate.request_facts(r rollgate.limit_request) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', r.id, 'account', r.account, 'group', r.group_id, 'api', r.api, 'subject', r.subject,
    'perMinute', r.per_minute, 'perHour', r.per_hour,
    'until', to_char(r.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', r.reason, 'ticket', r.ticket, 'denialId', r.denial_id, 'askedBy', r.asked_by, 'needsAdmin', r.needs_admin, 'state', r.state,
    'decidedBy', r.decided_by, 'answer', r.answer, 'overrideId', r.override_id, 'version', r.version)
$$;

CREATE FUNCTION rollgate.catalogue_facts(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', c.api, 'group', c.group_id, 'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
    'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow, 'version', c.version)
$$;

CREATE FUNCTION rollgate.need_reason(p_reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(btrim(p_reason), '') = '' THEN
    RAISE EXCEPTION 'A reason is needed.' USING ERRCODE = 'RG422';
  END IF;
END $$;

-- Inside an open ledger. p_spec names columns of rollgate.override.
CREATE FUNCTION rollgate.add_override(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override := jsonb_populate_record(NULL::rollgate.override, p_spec);
BEGIN
  PERFORM rollgate.need_reason(v_new.reason);
  v_new.starts_at := coalesce(v_new.starts_at, p_ledger.history_at);
  IF v_new.expires_at <= greatest(p_ledger.history_at, v_new.starts_at) THEN
    RAISE EXCEPTION 'It would expire before it starts.' USING ERRCODE = 'RG422';
  END IF;
  IF v_new.per_minute IS NULL AND v_new.per_hour IS NULL AND v_new.mode IS NULL THEN
    RAISE EXCEPTION 'An override sets a limit or a mode.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, mode, starts_at, expires_at, reason, ticket,
    created_by, created_at, changed_at, request_id, created_in, changed_in)
  VALUES ('ovr_' || nextval('rollgate.override_number'), v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute,
    v_new.per_hour, v_new.mode, v_new.starts_at, v_new.expires_at, btrim(v_new.reason), v_new.ticket, p_by.actor, p_ledger.history_at,
    p_ledger.history_at, v_new.request_id, p_ledger.policy_version, p_ledger.policy_version)
  RETURNING * INTO v_new;
  PERFORM rollgate.record('override', 'create', v_new.id, v_new.account, p_by, NULL, rollgate.override_facts(v_new), v_new.reason, v_new.ticket);
  RETURN v_new;
END $$;

CREATE FUNCTION rollgate.create_override(p_spec jsonb, p_by rollgate.author) RETURNS SETOF rollgate.override
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.* FROM rollgate.open_ledger(true) l CROSS JOIN LATERAL rollgate.add_override(p_spec, p_by, l) o
$$;

COMMENT ON FUNCTION rollgate.create_override IS 'Makes an override; p_spec names columns of rollgate.override. RG403 above the ceiling, RG404, RG422';

-- Puts p_new in the place of the override as it stands.
CREATE FUNCTION rollgate.put_override(
  p_old rollgate.override, p_new rollgate.override, p_action text, p_reason text, p_by rollgate.author, p_ledger rollgate.ledger,
  p_undoes bigint DEFAULT NULL
) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  IF p_new.expires_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'It would expire before it starts.' USING ERRCODE = 'RG422';
  END IF;
  IF p_new.per_minute IS NULL AND p_new.per_hour IS NULL AND p_new.mode IS NULL THEN
    RAISE EXCEPTION 'An override sets a limit or a mode.' USING ERRCODE = 'RG422';
  END IF;
  UPDATE rollgate.override o
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, mode = p_new.mode, starts_at = p_new.starts_at,
      expires_at = p_new.expires_at, reason = btrim(p_reason), ticket = p_new.ticket, changed_at = p_ledger.history_at,
      version = o.version + 1, changed_in = p_ledger.policy_version
  WHERE o.id = p_old.id
  RETURNING * INTO v_new;
  PERFORM rollgate.record('override', p_action, v_new.id, v_new.account, p_by, rollgate.override_facts(p_old), rollgate.override_facts(v_new),
    btrim(p_reason), v_new.ticket, p_undoes);
  RETURN v_new;
END $$;

-- The override, when it is still at this version. NULL: whatever the version.
CREATE FUNCTION rollgate.override_at(p_id text, p_version int) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_old rollgate.override;
BEGIN
  SELECT * INTO v_old FROM rollgate.override WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no override "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The override was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN v_old;
END $$;

-- p_changes names the columns that change, of: per_minute, per_hour, mode, starts_at, expires_at, ticket.
CREATE FUNCTION rollgate.change_override(p_id text, p_version int, p_changes jsonb, p_reason text, p_by rollgate.author)
RETURNS SETOF rollgate.override
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := jsonb_populate_record(v_old, p_changes - ARRAY['id', 'account', 'group_id', 'api', 'subject', 'version',
    'created_by', 'created_at', 'created_in', 'changed_in', 'changed_at', 'request_id', 'reason']);
BEGIN
  IF v_old.expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'The override has expired: restore it, or make another one.' USING ERRCODE = 'RG409';
  END IF;
  IF v_new.expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'It would expire in the past: expire it instead.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  RETURN QUERY SELECT p.* FROM rollgate.put_override(v_old, v_new, 'change', p_reason, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.change_override IS 'Changes an override that is at p_version (NULL: at any); RG403, RG404, RG409 expired, RG412 another version, RG422';

CREATE FUNCTION rollgate.expire_override(p_id text, p_version int, p_reason text, p_by rollgate.author)
RETURNS SETOF rollgate.override
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, 'of nobody') USING ERRCODE = 'RG403';
  END IF;
  IF v_old.expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'The override has expired already.' USING ERRCODE = 'RG409';
  END IF;
  v_new.expires_at := v_ledger.history_at;
  -- One that has not begun never will.
  v_new.starts_at := least(v_old.starts_at, v_ledger.history_at - interval '1 microsecond');
  RETURN QUERY SELECT p.* FROM rollgate.put_override(v_old, v_new, 'expire', p_reason, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.expire_override IS 'Ends an override now; RG403, RG404, RG409 expired already, RG412 another version';

CREATE FUNCTION rollgate.restore_override(p_id text, p_version int, p_expires_at timestamptz, p_reason text, p_by rollgate.author)
RETURNS SETOF rollgate.override
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  IF v_old.expires_at IS NULL OR v_old.expires_at > v_ledger.history_at THEN
    RAISE EXCEPTION 'The override has not expired.' USING ERRCODE = 'RG409';
  END IF;
  IF p_expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'It would expire in the past.' USING ERRCODE = 'RG422';
  END IF;
  v_new.expires_at := p_expires_at;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  RETURN QUERY SELECT p.* FROM rollgate.put_override(v_old, v_new, 'restore', p_reason, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.restore_override IS 'Lets an expired override hold again, until p_expires_at (NULL: for good); RG403, RG404, RG409 not expired, RG412, RG422';

-- Puts p_new in the place of the API's defaults as they stand.
CREATE FUNCTION rollgate.put_catalogue(
  p_old rollgate.catalogue, p_new rollgate.catalogue, p_reason text, p_ticket text, p_by rollgate.author, p_ledger rollgate.ledger,
  p_undoes bigint DEFAULT NULL
) RETURNS rollgate.catalogue
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.catalogue;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role AND times IS NULL) THEN
    RAISE EXCEPTION 'The role % may not change default limits.', coalesce(p_by.role, 'of nobody') USING ERRCODE = 'RG403';
  END IF;
  UPDATE rollgate.catalogue c
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, shadow = p_new.shadow, version = c.version + 1,
      changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at, changed_by = p_by.actor
  WHERE c.api = p_old.api
  RETURNING * INTO v_new;
  PERFORM rollgate.record('catalogue', CASE WHEN p_undoes IS NULL THEN 'change' ELSE 'undo' END, v_new.api, NULL, p_by,
    rollgate.catalogue_facts(p_old), rollgate.catalogue_facts(v_new), btrim(p_reason), p_ticket, p_undoes);
  RETURN v_new;
END $$;

-- Default limits, by admins.
CREATE FUNCTION rollgate.change_catalogue(p_api text, p_version int, p_changes jsonb, p_reason text, p_ticket text, p_by rollgate.author)
RETURNS SETOF rollgate.catalogue
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.catalogue;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue WHERE api = p_api;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The API was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN QUERY SELECT p.* FROM rollgate.put_catalogue(v_old, jsonb_populate_record(v_old, p_changes), p_reason, p_ticket, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.change_catalogue IS 'Changes an API''s default limits (null: as shipped) or its shadow mode; p_changes names per_minute, per_hour, shadow. RG403, RG404, RG412, RG422';

-- Programs tell which APIs they know. New ones are added, changed shipped limits are taken over; edits of admins stay.
CREATE FUNCTION rollgate.register_catalogue(p_apis jsonb, p_by rollgate.author) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger;
  v_told   rollgate.catalogue;
  v_old    rollgate.catalogue;
  v_new    rollgate.catalogue;
  v_count  int := 0;
BEGIN
  IF NOT EXISTS (
    SELECT FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
    LEFT JOIN rollgate.catalogue c USING (api)
    WHERE c.api IS NULL OR (c.title, c.group_id, c.group_title, c.level, c.scope, c.shipped_per_minute, c.shipped_per_hour)
          IS DISTINCT FROM (t.title, t.group_id, t.group_title, t.level, t.scope, t.shipped_per_minute, t.shipped_per_hour)
  ) THEN
    RETURN 0; -- nothing new, nothing locked
  END IF;
  v_ledger := rollgate.open_ledger(true);
  FOR v_told IN SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) LOOP
    SELECT * INTO v_old FROM rollgate.catalogue WHERE api = v_told.api;
    IF NOT found THEN
      INSERT INTO rollgate.catalogue (api, ord, title, group_id, group_title, level, scope, shipped_per_minute, shipped_per_hour, changed_in, changed_at, changed_by)
      VALUES (v_told.api, (SELECT coalesce(max(ord), 0) + 1 FROM rollgate.catalogue), v_told.title, v_told.group_id, v_told.group_title, v_told.level,
              v_told.scope, v_told.shipped_per_minute, v_told.shipped_per_hour, v_ledger.policy_version, v_ledger.history_at, p_by.actor)
      RETURNING * INTO v_new;
      PERFORM rollgate.record('catalogue', 'add', v_new.api, NULL, p_by, NULL, rollgate.catalogue_facts(v_new), 'shipped with the program');
      v_count := v_count + 1;
    ELSIF (v_old.title, v_old.group_id, v_old.group_title, v_old.level, v_old.scope, v_old.shipped_per_minute, v_old.shipped_per_hour)
       IS DISTINCT FROM (v_told.title, v_told.group_id, v_told.group_title, v_told.level, v_told.scope, v_told.shipped_per_minute, v_told.shipped_per_hour) THEN
      UPDATE rollgate.catalogue c
      SET title = v_told.title, group_id = v_told.group_id, group_title = v_told.group_title, level = v_told.level, scope = v_told.scope,
          shipped_per_minute = v_told.shipped_per_minute, shipped_per_hour = v_told.shipped_per_hour, version = c.version + 1,
          changed_in = v_ledger.policy_version, changed_at = v_ledger.history_at, changed_by = p_by.actor
      WHERE c.api = v_told.api
      RETURNING * INTO v_new;
      PERFORM rollgate.record('catalogue', 'ship', v_new.api, NULL, p_by, rollgate.catalogue_facts(v_old), rollgate.catalogue_facts(v_new), 'shipped with the program');
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;

COMMENT ON FUNCTION rollgate.register_catalogue IS 'Adds APIs that are new and takes over shipped limits that changed; returns how many';

-- The inverse of one change, when nothing has changed since.
CREATE FUNCTION rollgate.undo(p_history_id bigint, p_reason text, p_by rollgate.author) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_done   rollgate.history;
  v_old    rollgate.override;
  v_new    rollgate.override;
  v_api    rollgate.catalogue;
BEGIN
  SELECT * INTO v_done FROM rollgate.history WHERE id = p_history_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no change %.', p_history_id USING ERRCODE = 'RG404';
  END IF;
  IF v_done.kind NOT IN ('override', 'catalogue') OR v_done.action IN ('add', 'ship') THEN
    RAISE EXCEPTION 'A change of this kind can''t be undone.' USING ERRCODE = 'RG422';
  END IF;
  IF EXISTS (SELECT FROM rollgate.history h WHERE h.kind = v_done.kind AND h.target = v_done.target AND h.id > v_done.id) THEN
    RAISE EXCEPTION 'It was changed again since: undo the newest change first.' USING ERRCODE = 'RG409';
  END IF;
  IF v_done.kind = 'catalogue' THEN
    SELECT * INTO v_api FROM rollgate.catalogue WHERE api = v_done.target;
    PERFORM rollgate.put_catalogue(v_api, jsonb_populate_record(v_api, jsonb_build_object('per_minute', v_done.before -> 'perMinute',
      'per_hour', v_done.before -> 'perHour', 'shadow', v_done.before -> 'shadow')), p_reason, v_done.ticket, p_by, v_ledger, p_history_id);
    RETURN (SELECT history_id FROM rollgate.ledger);
  END IF;
  v_old := rollgate.override_at(v_done.target, NULL);
  v_new := v_old;
  IF v_done.before IS NULL THEN
    v_new.expires_at := v_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, v_ledger.history_at - interval '1 microsecond');
  ELSE
    v_new.per_minute := v_done.before ->> 'perMinute';
    v_new.per_hour := v_done.before ->> 'perHour';
    v_new.mode := v_done.before ->> 'mode';
    v_new.starts_at := v_done.before ->> 'startsAt';
    v_new.expires_at := v_done.before ->> 'expiresAt';
    v_new.ticket := v_done.before ->> 'ticket';
  END IF;
  IF v_new.expires_at IS NULL OR v_new.expires_at > v_ledger.history_at THEN
    PERFORM rollgate.check_ceiling(v_new, p_by);
  ELSIF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, 'of nobody') USING ERRCODE = 'RG403';
  END IF;
  PERFORM rollgate.put_override(v_old, v_new, 'undo', p_reason, p_by, v_ledger, p_history_id);
  RETURN (SELECT history_id FROM rollgate.ledger);
END $$;

COMMENT ON FUNCTION rollgate.undo IS 'Writes the inverse of the newest change of an override or an API; RG403, RG404, RG409 changed since, RG422. Returns the history''s row';

-- A wish. p_spec names columns of rollgate.limit_request.
CREATE FUNCTION rollgate.ask_limit(p_spec jsonb, p_by rollgate.author) RETURNS SETOF rollgate.limit_request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- More than a person reads at once: a customer's loop must not bury the others.
  c_most_open constant int := 20;
  v_ledger rollgate.ledger := rollgate.open_ledger(false);
  v_new    rollgate.limit_request := jsonb_populate_record(NULL::rollgate.limit_request, p_spec);
BEGIN
  PERFORM rollgate.need_reason(v_new.reason);
  IF (v_new.api IS NOT NULL OR v_new.group_id IS NOT NULL) AND NOT EXISTS (
    SELECT FROM rollgate.catalogue c WHERE (v_new.api IS NULL OR c.api = v_new.api) AND (v_new.group_id IS NULL OR c.group_id = v_new.group_id)
  ) THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(v_new.api, v_new.group_id) USING ERRCODE = 'RG404';
  END IF;
  IF v_new.until <= v_ledger.history_at THEN
    RAISE EXCEPTION 'It would end in the past.' USING ERRCODE = 'RG422';
  END IF;
  IF (SELECT count(*) FROM rollgate.limit_request WHERE account = v_new.account AND state = 'open') >= c_most_open THEN
    RAISE EXCEPTION 'The account has % open requests already: please wait for their answers.', c_most_open USING ERRCODE = 'RG409';
  END IF;
  IF EXISTS (SELECT FROM rollgate.limit_request r WHERE r.denial_id = v_new.denial_id AND r.account = v_new.account AND r.state = 'open') THEN
    RAISE EXCEPTION 'There is an open request for this denial already.' USING ERRCODE = 'RG409';
  END IF;
  v_new.number := nextval('rollgate.limit_request_number');
  INSERT INTO rollgate.limit_request (id, number, account, group_id, api, subject, per_minute, per_hour, until, reason, ticket, denial_id, denial,
    asked_by, asked_at, needs_admin)
  VALUES ('req_' || v_new.number, v_new.number, v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute,
    v_new.per_hour, v_new.until, btrim(v_new.reason), v_new.ticket, v_new.denial_id, v_new.denial, p_by.actor, v_ledger.history_at,
    coalesce(v_new.needs_admin, false))
  RETURNING * INTO v_new;
  PERFORM rollgate.record('request', 'ask', v_new.id, v_new.account, p_by, NULL, rollgate.request_facts(v_new), v_new.reason, v_new.ticket);
  RETURN NEXT v_new;
END $$;

COMMENT ON FUNCTION rollgate.ask_limit IS 'Files a limit request; RG404 unknown API, RG409 too many open ones, RG422';

-- Approves, with the override in the same transaction, or declines. p_changes may name per_minute, per_hour, expires_at, starts_at, ticket.
CREATE FUNCTION rollgate.decide_request(p_id text, p_version int, p_approve boolean, p_changes jsonb, p_answer text, p_by rollgate.author)
RETURNS SETOF rollgate.limit_request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(p_approve);
  v_old    rollgate.limit_request;
  v_new    rollgate.limit_request;
  v_made   rollgate.override;
BEGIN
  SELECT * INTO v_old FROM rollgate.limit_request WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no request "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.state <> 'open' THEN
    RAISE EXCEPTION 'The request was % by % already.', v_old.state, v_old.decided_by USING ERRCODE = 'RG409';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The request was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not decide requests.', coalesce(p_by.role, 'of nobody') USING ERRCODE = 'RG403';
  END IF;
  IF v_old.asked_by = p_by.actor THEN
    RAISE EXCEPTION 'Nobody decides their own request.' USING ERRCODE = 'RG403';
  END IF;
  IF NOT p_approve THEN
    PERFORM rollgate.need_reason(p_answer);
  ELSE
    v_made := rollgate.add_override(
      jsonb_build_object('account', v_old.account, 'group_id', v_old.group_id, 'api', v_old.api, 'subject', v_old.subject,
        'per_minute', v_old.per_minute, 'per_hour', v_old.per_hour, 'expires_at', v_old.until, 'ticket', v_old.ticket)
      || (coalesce(p_changes, '{}') - ARRAY['account', 'group_id', 'api', 'subject'])
      || jsonb_build_object('reason', v_old.reason, 'request_id', v_old.id),
      p_by, v_ledger);
  END IF;
  UPDATE rollgate.limit_request r
  SET state = CASE WHEN p_approve THEN 'approved' ELSE 'declined' END, decided_by = p_by.actor, decided_at = v_ledger.history_at,
      answer = nullif(btrim(p_answer), ''), override_id = v_made.id, version = r.version + 1
  WHERE r.id = p_id
  RETURNING * INTO v_new;
  PERFORM rollgate.record('request', CASE WHEN p_approve THEN 'approve' ELSE 'decline' END, v_new.id, v_new.account, p_by,
    rollgate.request_facts(v_old), rollgate.request_facts(v_new), coalesce(v_new.answer, v_old.reason), v_new.ticket);
  RETURN NEXT v_new;
END $$;

COMMENT ON FUNCTION rollgate.decide_request IS 'Approves a request, making its override, or declines it; RG403 own request or ceiling, RG404, RG409 decided already, RG412, RG422';

-- Nodes: who is there, and which policy each has.
CREATE UNLOGGED TABLE rollgate.node (
  id             text PRIMARY KEY,
  name           text NOT NULL,
  started_at     timestamptz NOT NULL,
  seen_at        timestamptz NOT NULL,
  policy_version bigint NOT NULL,
  mode           text NOT NULL,
  mode_since     timestamptz NOT NULL
);

COMMENT ON TABLE  rollgate.node IS 'Limiters that are running, as each last told';
COMMENT ON COLUMN rollgate.node.mode IS 'normal, or how it decides while the database is away';

-- What a node has to know, since the version it knows. Called about once a second by each.
CREATE FUNCTION rollgate.sync_node(p_node text, p_name text, p_version bigint, p_mode text, p_mode_since timestamptz)
RETURNS TABLE (now_ms float8, version bigint, whole boolean, overrides jsonb, apis jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_since bigint := p_version;
BEGIN
  SELECT l.policy_version INTO version FROM rollgate.ledger l;
  -- A version from the future: the database was put back to an older state.
  IF p_version > version THEN
    v_since := 0;
  END IF;
  whole := v_since = 0;
  INSERT INTO rollgate.node AS n VALUES (p_node, p_name, v_now, v_now, p_version, p_mode, coalesce(p_mode_since, v_now))
  ON CONFLICT (id) DO UPDATE SET seen_at = v_now, policy_version = p_version, mode = p_mode, mode_since = coalesce(p_mode_since, n.mode_since)
  WHERE n.policy_version <> p_version OR n.mode <> p_mode OR n.seen_at < v_now - interval '2 seconds';
  DELETE FROM rollgate.node n WHERE n.seen_at < v_now - interval '1 minute';
  IF v_since <> version THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'account', o.account, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
        'perMinute', o.per_minute, 'perHour', o.per_hour, 'mode', o.mode, 'startsAtMs', extract(epoch FROM o.starts_at) * 1000,
        'expiresAtMs', extract(epoch FROM o.expires_at) * 1000, 'order', o.created_in)), '[]')
    INTO overrides
    FROM rollgate.override o
    WHERE o.changed_in > v_since AND (NOT whole OR o.expires_at IS NULL OR o.expires_at > v_now);
    SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow)), '[]')
    INTO apis
    FROM rollgate.catalogue c
    WHERE c.changed_in > v_since AND (NOT whole OR c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL OR c.shadow);
  END IF;
  now_ms := extract(epoch FROM clock_timestamp()) * 1000;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sync_node IS 'A node tells that it is there and gets the policy''s changes since p_version (0: all that still holds)';

CREATE FUNCTION rollgate.leave_node(p_node text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.node WHERE id = p_node
$$;

COMMENT ON FUNCTION rollgate.leave_node IS 'A node that stops says so';

-- p_uses: [{id, at_ms, peak_minute, peak_hour, needed}]
CREATE FUNCTION rollgate.report_use(p_uses jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rollgate.override_use AS u
  SELECT t.id, to_timestamp(t.at_ms / 1000.0), to_timestamp(t.at_ms / 1000.0), t.peak_minute, t.peak_hour,
         CASE WHEN t.needed THEN to_timestamp(t.at_ms / 1000.0) END
  FROM jsonb_to_recordset(p_uses) AS t (id text, at_ms float8, peak_minute int, peak_hour int, needed boolean)
  JOIN rollgate.override o ON o.id = t.id
  ORDER BY t.id
  ON CONFLICT (override_id) DO UPDATE SET
    last_used_at = greatest(u.last_used_at, excluded.last_used_at), peak_minute = greatest(u.peak_minute, excluded.peak_minute),
    peak_hour = greatest(u.peak_hour, excluded.peak_hour), needed_at = greatest(u.needed_at, excluded.needed_at)
$$;

COMMENT ON FUNCTION rollgate.report_use IS 'A node tells which overrides decided calls since it last told';

SELECT rollgate.hand_over();

GRANT EXECUTE ON FUNCTION
  rollgate.register_catalogue(jsonb, rollgate.author), rollgate.sync_node(text, text, bigint, text, timestamptz), rollgate.leave_node(text),
  rollgate.report_use(jsonb), rollgate.ask_limit(jsonb, rollgate.author)
  TO rollgate_runtime;
GRANT USAGE ON TYPE rollgate.author TO rollgate_runtime, rollgate_admin_api;
GRANT SELECT ON rollgate.ledger, rollgate.catalogue, rollgate.override, rollgate.override_use, rollgate.limit_request, rollgate.ceiling,
  rollgate.history, rollgate.node TO rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.create_override(jsonb, rollgate.author), rollgate.change_override(text, int, jsonb, text, rollgate.author),
  rollgate.expire_override(text, int, text, rollgate.author), rollgate.restore_override(text, int, timestamptz, text, rollgate.author),
  rollgate.change_catalogue(text, int, jsonb, text, text, rollgate.author), rollgate.undo(bigint, text, rollgate.author),
  rollgate.decide_request(text, int, boolean, jsonb, text, rollgate.author), rollgate.verify_history(),
  rollgate.limits_for(text, text, text, timestamptz), rollgate.default_limits(rollgate.catalogue)
  TO rollgate_admin_api;
