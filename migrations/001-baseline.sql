-- The baseline: every object that Rollgate has in a database, as of 0.2.0.
--
-- First the tables, by domain, then a copy of every function and view in functions/ (written by "npm run migration -- --baseline"
-- until 0.2.0 is released, frozen from then on), then the triggers. The grants are in access.sql. The schemas exist already, and
-- everything created here gets their owner.
-- from-0.1.0.sql upgrades a database of 0.1.0 to this baseline, and the COMMENT ON statements below are run there as well.

-- ==== Counters

-- Counters and the decision.
--
-- A *unit* is what a limit counts; a call costs one or more. Units of a subject are numbered 1, 2, 3… by its running total, so the
-- usage of a window is the difference of two totals, and buckets are never added up. Seconds and minutes are Unix seconds and minutes.
-- A window of W seconds at second s covers the seconds s-W to s: the current second, the W-1 whole seconds before it, and the oldest
-- one, which is covered in part. With W seconds instead of W+1, a real window could contain twice the limit.

-- The head row of a subject contains all that both windows need during one minute. The columns that a grant changes are last and
-- adjacent: WAL records the changed middle of a tuple, which takes 100 bytes per grant, and 190 if `total` and `sums` are apart.
CREATE TABLE rollgate.counter (
  cleared    bigint   NOT NULL DEFAULT 0,
  prev_start bigint   NOT NULL,
  hour_start bigint   NOT NULL,
  lane       int      NOT NULL,
  minute     int      NOT NULL,
  hour_next  int,
  subject    text     COLLATE "C" NOT NULL,
  prev_secs  smallint[] NOT NULL DEFAULT '{}',
  prev_sums  int[]    NOT NULL DEFAULT '{}',
  hour_secs  smallint[] NOT NULL DEFAULT '{}',
  hour_sums  int[]    NOT NULL DEFAULT '{}',
  secs       smallint[] NOT NULL,
  sums       int[]    NOT NULL,
  total      bigint   NOT NULL,
  near_hour  int,
  PRIMARY KEY (lane, subject)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 1);

-- Finds live subjects by the value of a dimension (rollgate.value_hashes). A new subject is only appended to the pending list of the
-- index, which adds a tenth to the cost of its first decision and nothing to later ones. Vacuum and analyze put the list into the index,
-- never a decision.
CREATE INDEX counter_values ON rollgate.counter USING gin ((
  CASE WHEN strpos(subject, ',') = 0 THEN ARRAY[hashtext(split_part(subject, '=', -1)) & 65535]
    ELSE ARRAY[hashtext(split_part(split_part(subject, ',', -1), '=', -1)) & 65535,
               hashtext(split_part(split_part(subject, ',', -2), '=', -1)) & 65535,
               hashtext(split_part(split_part(subject, ',', -3), '=', -1)) & 65535] END)) WITH (gin_pending_list_limit = 2147483647);

-- Finds the few subjects that are near a limit among millions of live ones. The column changes at most once an hour for a subject near a
-- limit, and never for others, so updates stay in place.
CREATE INDEX counter_near ON rollgate.counter (near_hour) WHERE near_hour IS NOT NULL;

COMMENT ON TABLE  rollgate.counter IS
  'One row per subject: its running total, and copies of the minutes in which both windows begin. Updated in place (HOT), so no '
  'index may contain a column that changes with each grant.';
COMMENT ON COLUMN rollgate.counter.lane       IS 'hash(account) mod 64: the unit of locking, batching and distribution';
COMMENT ON COLUMN rollgate.counter.subject    IS 'account/api/dimension=value,…';
COMMENT ON COLUMN rollgate.counter.total      IS 'units granted so far: the number of the newest unit';
COMMENT ON COLUMN rollgate.counter.cleared    IS 'number of the newest unit forgiven by a reset; that unit and older ones no longer count';
COMMENT ON COLUMN rollgate.counter.minute     IS 'Unix minute of the newest grant';
COMMENT ON COLUMN rollgate.counter.secs       IS
  'the seconds (0-59) of that minute that have units, ascending; the last one is the second of the newest grant';
COMMENT ON COLUMN rollgate.counter.sums       IS 'for each entry of secs: units of that minute up to and including that second';
COMMENT ON COLUMN rollgate.counter.prev_start IS 'total at the start of the previous minute, in which the 60 s window begins';
COMMENT ON COLUMN rollgate.counter.prev_secs  IS 'like secs, for the previous minute';
COMMENT ON COLUMN rollgate.counter.prev_sums  IS 'like sums, for the previous minute';
COMMENT ON COLUMN rollgate.counter.hour_start IS 'total at the start of the minute an hour ago, in which the 3,600 s window begins';
COMMENT ON COLUMN rollgate.counter.hour_secs  IS 'like secs, for the minute an hour ago';
COMMENT ON COLUMN rollgate.counter.hour_sums  IS 'like sums, for the minute an hour ago';
COMMENT ON COLUMN rollgate.counter.near_hour  IS
  'Unix hour of the newest grant that left half of a limit or more used (rollgate.is_near); NULL: none did';
COMMENT ON COLUMN rollgate.counter.hour_next  IS
  'Unix second of the oldest unit after the minute an hour ago and before this minute; NULL: there is none';

-- Finished minutes. A row is written once, when the first grant of a later minute moves the head to that minute.
CREATE TABLE rollgate.bucket (
  lane    int      NOT NULL,
  minute  int      NOT NULL,
  start   bigint   NOT NULL,
  subject text     COLLATE "C" NOT NULL,
  secs    smallint[] NOT NULL,
  sums    int[]    NOT NULL,
  PRIMARY KEY (lane, subject, minute)
);

COMMENT ON TABLE  rollgate.bucket IS 'Units granted per subject and minute, for finished minutes';
COMMENT ON COLUMN rollgate.bucket.start IS 'total at the start of this minute';
COMMENT ON COLUMN rollgate.bucket.secs  IS 'the seconds (0-59) of the minute that have units, ascending';
COMMENT ON COLUMN rollgate.bucket.sums  IS 'for each entry of secs: units of the minute up to and including that second';

-- Removing an idle head also removes the subject's latest second. The lane keeps it, so that a clock that steps back can't decide in
-- a window that the removed subject had already used.
CREATE TABLE rollgate.lane (
  lane     int PRIMARY KEY,
  swept_to bigint NOT NULL
);

COMMENT ON TABLE rollgate.lane IS 'Per lane: Unix second of the last cleanup. Later decisions use at least this time';

-- Subjects freed by a refund or a reset: every instance drops the denials it remembers for them. An instance reads what was
-- committed since its last snapshot (rollgate.freed_since), so each row records its transaction.
CREATE TABLE rollgate.freed (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject text COLLATE "C" NOT NULL,
  xact    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  history_id bigint,
  actor      text
);

CREATE INDEX freed_by_xact ON rollgate.freed (xact);

COMMENT ON TABLE  rollgate.freed            IS 'Subjects freed by a refund or a reset in the last minutes; instances poll this table';
COMMENT ON COLUMN rollgate.freed.history_id IS 'history row of a reset by staff; NULL: an application did it';
COMMENT ON COLUMN rollgate.freed.actor      IS 'who did it: the application''s name, or the actor of the history row; NULL: unknown';

CREATE TABLE rollgate.freed_removed (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  xact xid8 NOT NULL
);

COMMENT ON TABLE rollgate.freed_removed IS
  'The newest transaction whose rows were removed from rollgate.freed; an instance that has not read them has missed some';

-- ==== Policy

-- The catalogue, overrides and limit requests: which limits apply, who changed them, and why.
--
-- Every change is one function. Each function first locks the ledger's row, so changes happen one after another: policy_version has
-- no gaps that are filled later (an instance that has seen version 7 has seen all versions up to 7), and the history is one chain.
-- Only the owner can write these tables, so every change is in the history.
--
-- Errors that a person can correct have their own SQLSTATEs, named after the HTTP status they are returned as: RG403, RG404, RG409,
-- RG412, RG422.
CREATE TYPE rollgate.author AS (
  actor      text,  -- e.g. staff:ann@example.com, account:acme, token:ci, cli:root
  role       text,  -- support, admin, customer, …
  address    text,  -- network address
  request_id text
);

CREATE TABLE rollgate.ledger (
  one            boolean PRIMARY KEY DEFAULT true CHECK (one),
  policy_version bigint NOT NULL DEFAULT 0,
  history_id     bigint NOT NULL DEFAULT 0,
  history_hash   text   NOT NULL DEFAULT '',
  history_at     timestamptz NOT NULL DEFAULT '-infinity',
  batch          text
);
INSERT INTO rollgate.ledger DEFAULT VALUES;
CREATE SEQUENCE rollgate.batch_number;

COMMENT ON TABLE  rollgate.ledger IS
  'One row: the version of overrides and catalogue, and the end of the history''s hash chain. Every change locks this row';
COMMENT ON COLUMN rollgate.ledger.policy_version IS 'increases by one with each change of an override or of the catalogue';
COMMENT ON COLUMN rollgate.ledger.batch          IS
  'batch of the newest change: all its changes were made in one transaction; NULL: it was made by itself';

-- The catalogue as applications register it, and as edited by admins.
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
  changed_by         text NOT NULL,
  history_id         bigint,
  message            text NOT NULL DEFAULT 'Rate limit for this API has been reached. Please try again after some time.',
  retired_at         timestamptz
);

COMMENT ON TABLE  rollgate.catalogue IS
  'One row per API: its definition and default limits as applications register them, and its default limits as edited by admins';
COMMENT ON COLUMN rollgate.catalogue.per_minute IS 'edited default; NULL: as registered';
COMMENT ON COLUMN rollgate.catalogue.message    IS 'message of denied calls';
COMMENT ON COLUMN rollgate.catalogue.retired_at IS 'since when no application registers it; NULL: in use';
COMMENT ON COLUMN rollgate.catalogue.history_id IS 'history row of the newest edit; NULL: as shipped, never edited';
COMMENT ON COLUMN rollgate.catalogue.shadow     IS 'true: denials of this API are recorded, not enforced';

-- Two applications may register the same API with the same definition.
CREATE TABLE rollgate.catalogue_owner (
  application   text,
  api           text REFERENCES rollgate.catalogue,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (application, api)
);
CREATE INDEX ON rollgate.catalogue_owner (api);

COMMENT ON TABLE  rollgate.catalogue_owner IS 'Which application registers which API. An API without an owner is retired';
COMMENT ON COLUMN rollgate.catalogue_owner.application   IS
  'name of the application, file:<name> for a catalogue file, (before 0.2.0) for APIs not registered since the upgrade from 0.1.0';
COMMENT ON COLUMN rollgate.catalogue_owner.registered_at IS 'when the application first registered it';

CREATE SEQUENCE rollgate.override_number;

CREATE TABLE rollgate.override (
  id         text PRIMARY KEY,
  account    text NOT NULL CHECK (account <> ''),
  group_id   text,
  api        text,
  subject    text COLLATE "C",
  scope      text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN subject IS NOT NULL THEN 'subject' WHEN api IS NOT NULL THEN 'api' WHEN group_id IS NOT NULL THEN 'group'
         ELSE 'account' END) STORED,
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
  factor     numeric CHECK (factor > 0 AND factor <= 1000 AND factor = round(factor, 3)),
  history_id bigint,
  extra_minute int CHECK (extra_minute BETWEEN 1 AND 1000000000),
  extra_hour   int CHECK (extra_hour BETWEEN 1 AND 1000000000),
  CHECK (group_id IS NULL OR api IS NULL),
  CHECK (subject IS NULL OR api IS NOT NULL),
  CHECK (expires_at > starts_at),
  CONSTRAINT override_sets_something CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR factor IS NOT NULL OR mode IS NOT NULL
    OR extra_minute IS NOT NULL OR extra_hour IS NOT NULL),
  CONSTRAINT override_factor_or_limits CHECK (factor IS NULL OR per_minute IS NULL AND per_hour IS NULL),
  CONSTRAINT override_extra_or_limits CHECK (extra_minute IS NULL AND extra_hour IS NULL
    OR factor IS NULL AND per_minute IS NULL AND per_hour IS NULL),
  CONSTRAINT override_extra_ends CHECK (extra_minute IS NULL AND extra_hour IS NULL OR expires_at IS NOT NULL)
);
CREATE INDEX ON rollgate.override (account, created_in DESC);
CREATE INDEX ON rollgate.override (changed_in);
CREATE INDEX ON rollgate.override (expires_at);
CREATE INDEX ON rollgate.override (ticket) WHERE ticket IS NOT NULL;

COMMENT ON TABLE  rollgate.override IS
  'Custom limits of accounts. The most specific override in force applies; among equally specific ones, the newest. Extra units are '
  'added to what the others yield';
COMMENT ON COLUMN rollgate.override.subject    IS
  'key of the one subject it covers, as in rollgate.counter; NULL: every subject in its scope';
COMMENT ON COLUMN rollgate.override.per_minute IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.override.per_hour   IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.override.factor     IS
  'multiplies each API''s default in force, edited or shipped, rounded up to whole units; NULL: it sets limits, or only a mode';
COMMENT ON COLUMN rollgate.override.extra_minute IS
  'extra units: added to the limit in any 60 s that applies without extra units; a limit of 0 stays 0; NULL: none';
COMMENT ON COLUMN rollgate.override.extra_hour IS
  'extra units: added to the limit in any 3,600 s that applies without extra units; a limit of 0 stays 0; NULL: none';
COMMENT ON COLUMN rollgate.override.history_id IS 'history row of the newest change';
COMMENT ON COLUMN rollgate.override.mode       IS 'shadow: denials are recorded, not enforced; NULL: it does not set the mode';
COMMENT ON COLUMN rollgate.override.expires_at IS 'in force until just before this time; NULL: permanent';
COMMENT ON COLUMN rollgate.override.request_id IS 'limit request it was created for';

-- The effect of overrides, reported by the instances every few seconds.
CREATE TABLE rollgate.override_use (
  override_id   text PRIMARY KEY REFERENCES rollgate.override,
  first_used_at timestamptz NOT NULL,
  last_used_at  timestamptz NOT NULL,
  peak_minute   int NOT NULL,
  peak_hour     int NOT NULL,
  needed_at     timestamptz
);

COMMENT ON TABLE  rollgate.override_use IS
  'Overrides that had an effect on calls, through their limits or their mode, and the highest usage under them';
COMMENT ON COLUMN rollgate.override_use.needed_at IS 'last time a decision differed from what the defaults would have given; NULL: never';

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
  factor      numeric CHECK (factor > 0 AND factor <= 1000 AND factor = round(factor, 3)),
  history_id  bigint,
  CHECK (group_id IS NULL OR api IS NULL),
  CHECK (subject IS NULL OR api IS NOT NULL),
  CONSTRAINT limit_request_asks_something CHECK (per_minute IS NOT NULL OR per_hour IS NOT NULL OR factor IS NOT NULL),
  CONSTRAINT limit_request_factor_or_limits CHECK (factor IS NULL OR per_minute IS NULL AND per_hour IS NULL)
);
CREATE INDEX ON rollgate.limit_request (account, asked_at DESC);
CREATE INDEX ON rollgate.limit_request (state, asked_at);
CREATE INDEX ON rollgate.limit_request (ticket) WHERE ticket IS NOT NULL;

COMMENT ON TABLE  rollgate.limit_request IS 'Limit requests of customers, and of staff for limits above their approval limit';
COMMENT ON COLUMN rollgate.limit_request.factor      IS 'requested multiple of each API''s default; NULL: limits are requested';
COMMENT ON COLUMN rollgate.limit_request.history_id  IS 'history row of the newest step';
COMMENT ON COLUMN rollgate.limit_request.number      IS 'order in which limit requests were filed';
COMMENT ON COLUMN rollgate.limit_request.until       IS 'requested end; NULL: permanent';
COMMENT ON COLUMN rollgate.limit_request.denial      IS 'the denial it refers to, as recorded in the denial''s signed link';
COMMENT ON COLUMN rollgate.limit_request.needs_admin IS 'above the approval limit of the person who filed it';

ALTER TABLE rollgate.override ADD FOREIGN KEY (request_id) REFERENCES rollgate.limit_request;

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

COMMENT ON TABLE  rollgate.plan IS 'Named sets of limits, e.g. free, pro, enterprise';
COMMENT ON COLUMN rollgate.plan.retired_at IS
  'since when it can''t be assigned; accounts that have the plan keep it; NULL: it can be assigned';
COMMENT ON COLUMN rollgate.plan.history_id IS 'history row of the newest change';

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

COMMENT ON TABLE  rollgate.plan_limit IS
  'Limits of a plan: of one API, of one group, or (both NULL) of all APIs. The most specific row applies';
COMMENT ON COLUMN rollgate.plan_limit.per_minute IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.plan_limit.per_hour   IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate.plan_limit.factor     IS
  'multiplies each API''s default in force, edited or shipped, rounded up to whole units; NULL: it sets limits';

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

COMMENT ON TABLE  rollgate.plan_assignment IS 'Which account has which plan, and when. At most one is in force for an account at a time';
COMMENT ON COLUMN rollgate.plan_assignment.ends_at    IS 'in force until just before this time; NULL: no end';
COMMENT ON COLUMN rollgate.plan_assignment.history_id IS 'history row of the newest change';

-- Approval limits. A role without a row may change no limit.
CREATE TABLE rollgate.ceiling (
  role  text PRIMARY KEY,
  times int,
  days  int
);
INSERT INTO rollgate.ceiling VALUES ('support', 10, 30), ('admin', NULL, NULL);

COMMENT ON TABLE  rollgate.ceiling IS 'Approval limit of each role. A role without a row may change no limit';
COMMENT ON COLUMN rollgate.ceiling.times IS 'highest multiple of the lowest default in the scope; NULL: unlimited';
COMMENT ON COLUMN rollgate.ceiling.days  IS 'longest duration from now; NULL: unlimited, including permanent overrides';

-- Every change, as one chain: each row contains the hash of the previous row.
CREATE TABLE rollgate.history (
  id            bigint PRIMARY KEY,
  at            timestamptz NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('override', 'request', 'catalogue', 'staff', 'token', 'plan', 'assignment',
                  'policy', 'reset')),
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
  hash          text NOT NULL,
  batch         text
);
CREATE INDEX ON rollgate.history (kind, target, id);
CREATE INDEX ON rollgate.history (account, id) WHERE account IS NOT NULL;
CREATE INDEX ON rollgate.history (actor, id);
CREATE INDEX ON rollgate.history (batch, id) WHERE batch IS NOT NULL;

COMMENT ON TABLE  rollgate.history IS
  'Every change of a limit, a plan, a limit request, the catalogue, a staff member or a token, every policy file that was applied, and '
  'every reset by staff; append-only, chained by hashes';
COMMENT ON COLUMN rollgate.history.target IS 'id of the changed item; of a reset, the key of the subject or the start of the keys';
COMMENT ON COLUMN rollgate.history.undoes IS 'history row whose change this row reverted';
COMMENT ON COLUMN rollgate.history.batch  IS 'changes that were made together, in one transaction, e.g. bat_12; NULL: by itself';
COMMENT ON COLUMN rollgate.history.hash   IS 'SHA-256 of the row and the previous row''s hash, in hex: rollgate.history_hash';

-- A policy file in a repository is compared with the database and with what both had in common, so that no change of staff is lost.
CREATE TABLE rollgate.policy_file (
  hash    text PRIMARY KEY,
  content jsonb NOT NULL,
  kept_at timestamptz NOT NULL
);

COMMENT ON TABLE  rollgate.policy_file IS 'What policy files had in common with the database when they were last exported or applied';
COMMENT ON COLUMN rollgate.policy_file.hash    IS 'SHA-256 of the exported content, in hex, which the file names';
COMMENT ON COLUMN rollgate.policy_file.content IS 'the items, as in the file';
COMMENT ON COLUMN rollgate.policy_file.kept_at IS 'newest export or application; removed 400 days later';

-- The running instances, and the version of overrides and catalogue that each has.
CREATE UNLOGGED TABLE rollgate.instance (
  id             text PRIMARY KEY,
  name           text NOT NULL,
  started_at     timestamptz NOT NULL,
  seen_at        timestamptz NOT NULL,
  policy_version bigint NOT NULL,
  mode           text NOT NULL,
  mode_since     timestamptz NOT NULL,
  counted        int,
  mode_reason    text
);

COMMENT ON TABLE  rollgate.instance IS 'Running instances, as each last reported';
COMMENT ON COLUMN rollgate.instance.mode IS 'normal, or how the instance decides while the database is away';
COMMENT ON COLUMN rollgate.instance.mode_reason IS 'why the mode is not normal; NULL: it is normal';
COMMENT ON COLUMN rollgate.instance.counted IS
  'number of instances by which this one divides what it grants while the database is away; NULL: it grants nothing then';

-- ==== Instances

-- What instances need to know of each other and of the server, besides overrides and catalogue.

CREATE TABLE rollgate.instance_peak (
  minute    int PRIMARY KEY,
  instances int NOT NULL
);

COMMENT ON TABLE rollgate.instance_peak IS
  'Highest number of instances running at once, per minute of the last hour. Needed because a crash of Postgres empties rollgate.instance';

CREATE TABLE rollgate.server (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  place text NOT NULL
);

COMMENT ON TABLE rollgate.server IS 'Server on which instances last found the database, as rollgate.server_place names it';

CREATE TABLE rollgate.quarantine (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  since      timestamptz NOT NULL,
  until      timestamptz NOT NULL,
  reason     text NOT NULL,
  noticed_by text NOT NULL
);

COMMENT ON TABLE rollgate.quarantine IS 'Times in which every instance grants half limits, because usage counts might be incomplete';

CREATE UNLOGGED TABLE rollgate.second_seen (
  slot int PRIMARY KEY,
  at   timestamptz NOT NULL
);

COMMENT ON TABLE rollgate.second_seen IS
  'Ring of the last 256 seconds in which an instance called; after a jump ahead of the clock some seconds are missing';

-- ==== Staff

-- People who may sign in to the service, their sessions, and tokens of programs.
--
-- The service reads and writes these tables itself. Every change of permissions also calls rollgate.record_staff, in the same
-- transaction. Secrets are stored only as hashes and are never written to the history.
CREATE SEQUENCE rollgate.staff_number;

CREATE TABLE rollgate.staff (
  id              text PRIMARY KEY DEFAULT 'stf_' || nextval('rollgate.staff_number'),
  login           text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
  display_name    text NOT NULL CHECK (btrim(display_name) <> ''),
  role            text NOT NULL CHECK (role IN ('viewer', 'support', 'auditor', 'admin')),
  password_hash   text,
  oidc_issuer     text,
  oidc_subject    text,
  disabled_at     timestamptz,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_sign_in_at timestamptz,
  UNIQUE (oidc_issuer, oidc_subject),
  CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL)),
  CHECK ((password_hash IS NULL) = (oidc_issuer IS NOT NULL))
);

COMMENT ON TABLE  rollgate.staff IS 'People who may sign in to the service. Rows are never removed, because the history names them';
COMMENT ON COLUMN rollgate.staff.login         IS 'lower case, e.g. ann@example.com; the history records the actor as staff:<login>';
COMMENT ON COLUMN rollgate.staff.password_hash IS 'argon2id; NULL: the person signs in through the identity provider';
COMMENT ON COLUMN rollgate.staff.oidc_subject  IS
  'the person''s subject at the issuer; the role follows the issuer''s groups at each sign-in';
COMMENT ON COLUMN rollgate.staff.disabled_at   IS 'time since which the person can''t sign in; NULL: enabled';

CREATE TABLE rollgate.staff_session (
  id           text PRIMARY KEY,
  staff_id     text NOT NULL REFERENCES rollgate.staff,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  address      text,
  user_agent   text,
  ends_at      timestamptz NOT NULL
);
CREATE INDEX ON rollgate.staff_session (staff_id);
CREATE INDEX ON rollgate.staff_session (ends_at);

COMMENT ON TABLE  rollgate.staff_session IS
  'People who are signed in. A session ends when its row is deleted, at ends_at, or some time after last_seen_at';
COMMENT ON COLUMN rollgate.staff_session.id           IS 'SHA-256 of the cookie''s secret, in hex';
COMMENT ON COLUMN rollgate.staff_session.last_seen_at IS 'accurate to 10 s';
COMMENT ON COLUMN rollgate.staff_session.address      IS 'network address of the sign-in';

CREATE TABLE rollgate.sign_in_attempt (
  id        text PRIMARY KEY,
  state     text NOT NULL,
  nonce     text NOT NULL,
  verifier  text NOT NULL,
  return_to text NOT NULL,
  ends_at   timestamptz NOT NULL
);
CREATE INDEX ON rollgate.sign_in_attempt (ends_at);

COMMENT ON TABLE  rollgate.sign_in_attempt IS 'Browsers sent to the identity provider; each returns once, within minutes';
COMMENT ON COLUMN rollgate.sign_in_attempt.id       IS 'SHA-256 of the browser''s secret, in hex';
COMMENT ON COLUMN rollgate.sign_in_attempt.verifier IS 'PKCE code verifier';

CREATE SEQUENCE rollgate.service_token_number;

CREATE TABLE rollgate.service_token (
  id           text PRIMARY KEY DEFAULT 'tok_' || nextval('rollgate.service_token_number'),
  name         text NOT NULL CHECK (btrim(name) <> ''),
  hash         text NOT NULL UNIQUE,
  permissions  text[] NOT NULL CHECK (cardinality(permissions) > 0),
  role         text NOT NULL CHECK (role IN ('viewer', 'support', 'auditor', 'admin')),
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- The history records the actor token:<name>, so the name is unique among valid tokens.
CREATE UNIQUE INDEX service_token_name ON rollgate.service_token (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE  rollgate.service_token IS
  'Tokens of programs that may call the service. Revoked tokens are kept, because the history names them';
COMMENT ON COLUMN rollgate.service_token.hash         IS 'SHA-256 of the token, in hex';
COMMENT ON COLUMN rollgate.service_token.role         IS
  'role whose approval limit applies to limits it grants; permissions lists what it may do';
COMMENT ON COLUMN rollgate.service_token.expires_at   IS 'valid until just before this time; NULL: no expiry';
COMMENT ON COLUMN rollgate.service_token.last_used_at IS 'accurate to a minute';

-- The access log: who signed in, who viewed an account, who exported. The service can only add rows, through functions.
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

COMMENT ON TABLE  rollgate.sign_in_log IS
  'Sign-ins, also failed ones, sign-outs, ends of sessions, and the use of tokens; append-only, kept for a number of days';
COMMENT ON COLUMN rollgate.sign_in_log.times      IS 'how often, from first_at to last_at';
COMMENT ON COLUMN rollgate.sign_in_log.outcome    IS 'unknown: there is no such login. The person who signs in does not see the difference';
COMMENT ON COLUMN rollgate.sign_in_log.login      IS 'login as typed, or of the person; name of the token';
COMMENT ON COLUMN rollgate.sign_in_log.staff_id   IS 'the person with that login; NULL: there is none, or it is a token';
COMMENT ON COLUMN rollgate.sign_in_log.request_id IS 'HTTP request ID of the first time';

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

COMMENT ON TABLE  rollgate.access_log IS
  'Who viewed which account and exported which list; append-only, kept for a number of days. rollgate.note_access writes it';
COMMENT ON COLUMN rollgate.access_log.times      IS 'how often, from first_at to last_at; 1 for an export';
COMMENT ON COLUMN rollgate.access_log.actor      IS 'e.g. staff:ann@example.com, token:ci, cli:root';
COMMENT ON COLUMN rollgate.access_log.request_id IS 'HTTP request ID of the first time';
COMMENT ON COLUMN rollgate.access_log.routes     IS 'what was read, by the names of the routes';
COMMENT ON COLUMN rollgate.access_log.filters    IS 'filters of a list or an export';
COMMENT ON COLUMN rollgate.access_log.row_count  IS 'rows written to the file; NULL: not an export, or its end was not recorded';
COMMENT ON COLUMN rollgate.access_log.result     IS
  'complete: the client received the whole export; cut: it did not; NULL: not an export, or its end was not recorded';

-- ==== Events

-- Limit events: who was denied, when, under which limit, and what had filled the window.
--
-- Instances collect denials by second and write them once a second (rollgate.write_events). Each day is a partition. The instance
-- assigns an event's id, so a batch that is sent twice is written once. Decisions neither read nor write these tables.
-- An event is a short row of rollgate.limit_event_row. What many events have in common is a row of event_class or event_instance. The
-- view rollgate.limit_event puts them together.
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

COMMENT ON TABLE  rollgate.event_class IS 'What many limit events have in common; the columns are those of rollgate.limit_event';
COMMENT ON COLUMN rollgate.event_class.key IS 'the other columns as one text: rollgate.event_class_key';

CREATE TABLE rollgate.event_instance (
  id   int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);

COMMENT ON TABLE rollgate.event_instance IS 'Instances that have written limit events';

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
-- The events of a subject, and those with a certain value of a dimension such as a bot's id: the last dimension of the subject, and the
-- one before it (rollgate.value_hash).
CREATE INDEX ON rollgate.limit_event_row (hashtext(split_part(split_part(subject, ',', -1), '=', -1)), first_at);
CREATE INDEX ON rollgate.limit_event_row (hashtext(split_part(split_part(subject, ',', -2), '=', -1)), first_at)
  WHERE strpos(subject, ',') > 0;
-- A hash, because HTTP request IDs are long and random.
CREATE INDEX ON rollgate.limit_event_row (hashtext(request_id)) WHERE request_id IS NOT NULL;

COMMENT ON TABLE  rollgate.limit_event_row IS 'Limit events; read the view rollgate.limit_event. One partition per day (UTC)';
COMMENT ON COLUMN rollgate.limit_event_row.units    IS 'NULL: count times cost';
COMMENT ON COLUMN rollgate.limit_event_row.class    IS 'rollgate.event_class';
COMMENT ON COLUMN rollgate.limit_event_row.instance IS 'rollgate.event_instance';
COMMENT ON COLUMN rollgate.limit_event_row.source   IS 'NULL: default';
COMMENT ON COLUMN rollgate.limit_event_row.route    IS 'NULL: the route of the class';
COMMENT ON COLUMN rollgate.limit_event_row.filled   IS 'Unix second and units, alternating; NULL: not recorded, as in rollgate.limit_event';

-- rollgate.freed is emptied within minutes. Checking a denial later requires knowing whether units were taken back since.
CREATE TABLE rollgate.freeing (
  subject text COLLATE "C" NOT NULL,
  at      timestamptz NOT NULL,
  history_id bigint,
  actor      text
);
CREATE INDEX ON rollgate.freeing (subject, at);
CREATE INDEX ON rollgate.freeing (at);

COMMENT ON TABLE  rollgate.freeing            IS
  'When subjects had a refund or a reset; kept as long as finished minutes, at least two days';
COMMENT ON COLUMN rollgate.freeing.history_id IS 'history row of a reset by staff; NULL: an application did it';
COMMENT ON COLUMN rollgate.freeing.actor      IS 'who did it: the application''s name, or the actor of the history row; NULL: unknown';

-- Finished minutes of chosen APIs may be kept longer than the janitor's setting.
CREATE TABLE rollgate.retention (
  api          text PRIMARY KEY,
  keep_seconds int NOT NULL CHECK (keep_seconds >= 3661)
);

COMMENT ON TABLE  rollgate.retention IS 'APIs whose finished minutes are kept longer than others';
COMMENT ON COLUMN rollgate.retention.api          IS 'scope as in subject keys: the API''s id, or @group for APIs counted as a group';
COMMENT ON COLUMN rollgate.retention.keep_seconds IS 'the longer of this and the janitor''s own setting applies';

-- ==== Roll-up

-- Usage by hour and by day, made of finished minutes and of limit events, for as long as those are not kept.
--
-- The service calls rollgate.roll_up_step once a minute. An hour is sealed, after which no unit is counted in it any more, and then its
-- units and its denials are added up. What changes an hour afterwards is on record (usage_refund, usage_late) until the next step has
-- followed it. Decisions neither read nor write these tables.

-- Rows of usage refer to this one by a number, which keeps them short.
CREATE TABLE rollgate.usage_series (
  id      int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  api     text NOT NULL,
  prefix  text COLLATE "C" NOT NULL,
  UNIQUE (account, api)
);
CREATE INDEX ON rollgate.usage_series (prefix);

COMMENT ON TABLE  rollgate.usage_series IS 'Whose usage is added up: an account and an API';
COMMENT ON COLUMN rollgate.usage_series.account IS 'the account; * where events combine all accounts; empty: the sum of all accounts';
COMMENT ON COLUMN rollgate.usage_series.api     IS 'the API, or @group where the APIs of a group are counted together';
COMMENT ON COLUMN rollgate.usage_series.prefix  IS 'the account''s key and a slash, as subjects of the account begin';

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

COMMENT ON TABLE  rollgate.usage_hour IS 'Usage by hour, account and API, in units. One partition per month (UTC)';
COMMENT ON COLUMN rollgate.usage_hour.admitted       IS 'units granted and not refunded';
COMMENT ON COLUMN rollgate.usage_hour.denied         IS 'units of calls that were denied';
COMMENT ON COLUMN rollgate.usage_hour.shadow         IS 'units of calls that were let through in shadow mode, above the limit';
COMMENT ON COLUMN rollgate.usage_hour.outage         IS
  'units of calls above the limit that were decided while the database was away, denied or let through';
COMMENT ON COLUMN rollgate.usage_hour.series         IS 'rollgate.usage_series';
COMMENT ON COLUMN rollgate.usage_hour.peak_minute    IS
  'highest usage of the 60 s window of one subject, as the limiter counts it, at a second of this hour with units';
COMMENT ON COLUMN rollgate.usage_hour.peak_hour      IS
  'highest usage of the 3,600 s window of one subject, as the limiter counts it, at a second of this hour with units';
COMMENT ON COLUMN rollgate.usage_hour.minutes_denied IS 'minutes with a denied call';

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

COMMENT ON TABLE  rollgate.usage_day IS 'Usage by day (UTC), account and API, in units; kept for ever';
COMMENT ON COLUMN rollgate.usage_day.series IS 'rollgate.usage_series';

-- Calls, by the window that denied. The sums of all accounts are rows as well, so that a chart of all denials reads few rows; they are not
-- divided by source, and without the account of Rollgate itself.
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

COMMENT ON TABLE  rollgate.denial_hour IS
  'Denied calls by hour, account, API, window, mode and source, as in rollgate.limit_event. One partition per month (UTC)';
COMMENT ON COLUMN rollgate.denial_hour.units  IS 'units requested by the calls';
COMMENT ON COLUMN rollgate.denial_hour.events IS 'rows of rollgate.limit_event';
COMMENT ON COLUMN rollgate.denial_hour.source IS 'default, or the id of the override that set the limit; empty in the sums of all accounts';
COMMENT ON COLUMN rollgate.denial_hour.series IS
  'rollgate.usage_series with the called API, also where a group is counted together, and without a plan';

CREATE TABLE rollgate.usage_refund (
  minute  int  NOT NULL,
  units   int  NOT NULL,
  lane    int  NOT NULL,
  subject text COLLATE "C" NOT NULL
);

COMMENT ON TABLE rollgate.usage_refund IS 'Refunds of sealed hours that rollgate.usage_hour does not contain yet';

CREATE TABLE rollgate.usage_late (
  hour timestamptz NOT NULL
);

COMMENT ON TABLE rollgate.usage_late IS 'Sealed hours that got a limit event which rollgate.usage_hour and denial_hour do not contain yet';

CREATE TABLE rollgate.usage_day_due (
  day date PRIMARY KEY
);

COMMENT ON TABLE rollgate.usage_day_due IS 'Days to be added up from their hours, for the first time or again';

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

COMMENT ON TABLE  rollgate.roll_up IS 'One row once the roll-up has begun: how far it is';
COMMENT ON COLUMN rollgate.roll_up.rolled_to  IS 'hours before this one are complete in usage_hour and denial_hour';
COMMENT ON COLUMN rollgate.roll_up.sealed_to  IS
  'no unit is counted in hours before this one any more, and events of them are noted in usage_late';
COMMENT ON COLUMN rollgate.roll_up.days_to    IS 'days before this one are complete in usage_day';
COMMENT ON COLUMN rollgate.roll_up.units_from IS
  'hours before this one have denials only: their minutes were no longer on record at the start';
COMMENT ON COLUMN rollgate.roll_up.stepped_at IS 'time of the last step';
COMMENT ON COLUMN rollgate.roll_up.stage      IS
  'what the next step continues: sealing, units and denials of the hour, or the sums of the day; waiting: nothing is begun';
COMMENT ON COLUMN rollgate.roll_up.blockers   IS 'transactions that held a lane''s lock when the hour was sealed';
COMMENT ON COLUMN rollgate.roll_up.lane       IS 'units: lane to continue in, after the subject';
COMMENT ON COLUMN rollgate.roll_up.hour       IS 'hour that is being added up; before rolled_to: its denials, again';
COMMENT ON COLUMN rollgate.roll_up.minute     IS 'denials: minute to continue from';
COMMENT ON COLUMN rollgate.roll_up.day        IS 'day that is being added up';
COMMENT ON COLUMN rollgate.roll_up.series     IS 'day: series to continue after';

-- ==== Installation

CREATE TABLE rollgate.installation (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  roles text    NOT NULL CHECK (roles IN ('own', 'none'))
);

COMMENT ON TABLE  rollgate.installation IS 'How this database was migrated; one row';
COMMENT ON COLUMN rollgate.installation.roles IS
  'own: rollgate_owner owns everything and group roles have the rights; none: the user that ran the migration owns everything';

-- ==== Audit

-- What an auditor reads: views and functions of the schema `rollgate_audit`, for psql or any BI tool.
--
-- A view named _v1 never changes the names, types and meaning of its columns; a change that breaks them is published as a _v2 beside
-- it. Views read tables with their owner's rights. Rights to the functions they call are checked against the reading user, so these
-- functions run with the owner's rights and are granted. Nothing here takes row locks or writes.
COMMENT ON SCHEMA rollgate_audit IS
  'What auditors read: who was denied, when, under which limit, who set it and why. All times are timestamptz; sessions of '
  'rollgate_auditor show them in UTC';

-- BEGIN FUNCTIONS AND VIEWS

SET LOCAL check_function_bodies = off;

-- An account counts as known by traffic of the last day, by usage by hour or denials on record, by a limit request of its own, or
-- by an override that was used. The existence of an override is no evidence: this function is called to detect overrides with a
-- misspelled account.
-- In plpgsql with a plan for each call, as rollgate.find_accounts.
CREATE OR REPLACE FUNCTION rollgate.account_seen(p_account text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_key       text := rollgate.encode_part(p_account);
  v_rolled_to timestamptz := coalesce((SELECT r.rolled_to FROM rollgate.roll_up r), '-infinity');
BEGIN
  RETURN EXISTS (SELECT FROM rollgate.usage_series s WHERE s.account = p_account)
    OR EXISTS (SELECT FROM rollgate.limit_request r WHERE r.account = p_account AND r.asked_by LIKE 'account:%')
    OR EXISTS (SELECT FROM rollgate.override o JOIN rollgate.override_use u ON u.override_id = o.id WHERE o.account = p_account)
    OR EXISTS (
      SELECT FROM generate_series(0, 63) g CROSS JOIN LATERAL (
        (SELECT FROM rollgate.counter c
         WHERE c.lane = g AND c.subject >= v_key || '/' COLLATE "C" AND c.subject < v_key || '0' COLLATE "C" LIMIT 1)
        UNION ALL
        (SELECT FROM rollgate.bucket b
         WHERE b.lane = g AND b.subject >= v_key || '/' COLLATE "C" AND b.subject < v_key || '0' COLLATE "C" LIMIT 1)
      ) x)
    -- The denials of older hours are in the roll-up.
    OR EXISTS (SELECT FROM rollgate.limit_event_row e WHERE e.account = p_account AND e.first_at >= v_rolled_to);
END $$;

COMMENT ON FUNCTION rollgate.account_seen IS
  'Whether an account is known by traffic, by usage or denials on record, by a limit request of its own, or by an override that was '
  'used';

-- `*` stands for any characters and `?` for one; everything else is itself. Only accounts that rollgate.find_accounts finds can match.
CREATE OR REPLACE FUNCTION rollgate.accounts_matching(p_pattern text) RETURNS TABLE (account text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.account
  FROM rollgate.find_accounts(rollgate.encode_part(substring(p_pattern FROM '^[^*?]*')), '', 2147483647) f
  WHERE f.account LIKE translate(regexp_replace(p_pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_')
  ORDER BY f.account COLLATE "C"
$$;

COMMENT ON FUNCTION rollgate.accounts_matching IS 'Known accounts whose name matches a pattern with * (any characters) and ? (one)';

-- Decides a batch: for each subject, how many of p_calls calls of p_costs units each fit into both windows. Each call is allowed
-- as a whole or denied. A batch that contains a subject twice is refused. Returns one row of arrays with one element per subject.
-- The order of the elements depends on the plan: `item` says which subject an element belongs to.
--
-- The steps:
--   1. Lock the lanes of the batch, then read the clock.
--   2. Grant at once what fits completely into heads that are of the current minute (rollgate.fits_at_once): with one UPDATE for a batch
--      and one by key for a single item.
--   3. Leave the rest (new subjects, older heads, calls that do not all fit) to rollgate.acquire_cold, which answers in the same form.
-- The lanes are locked until the commit ends. With p_durable = false the commit does not wait for the disk, so the next batch enters the
-- lanes at once, and the caller flushes before it reports a grant (docs/decisions/0012-early-lock-release.md). That applies to the whole
-- transaction of the call, so a caller with other work in it leaves p_durable true.
-- docs/decisions/0002-hot-and-cold.md explains the split. The rule itself is in functions that all of them use: rollgate.units_until
-- (which units a window no longer counts; rollgate.window_base also leaves out forgiven ones), rollgate.free_units (how many more both
-- limits allow) and rollgate.window_buckets (how long a unit counts).
--
-- Worked example (docs/decisions/0001-numbered-units.md). The head row of a subject with limits of 60 a minute and 1,800 an hour:
--
--   minute = 1000   secs      = {5, 20}    sums      = {3, 10}    total      = 110   units 101-103 at :05, 104-110 at :20
--   minute   999    prev_secs = {10, 40}   prev_sums = {12, 30}   prev_start =  70   units 71-82 at :10, 83-100 at :40
--   minute   940    hour_secs = {15, 50}   hour_sums = {8, 15}    hour_start =  20   units 21-28 at :15, 29-35 at :50
--   cleared  = 0
--
-- A call of 2 units arrives at second :30 of minute 1000. Both windows begin at :30 of their first minute, which still counts, so
-- a base is the newest unit granted before :30 in that minute (rollgate.window_base):
--
--   minute window: sums up to :29 of minute 999 = 12, base = 70 + 12 = 82, used = 110 - 82 = 28, and 28 + 2 <= 60
--   hour window:   sums up to :29 of minute 940 =  8, base = 20 +  8 = 28, used = 110 - 28 = 82, and 82 + 2 <= 1800
--
-- The call is granted, and the head row gets total = 112, secs = {5, 20, 30} and sums = {3, 10, 12}. The oldest used unit of the
-- minute window is 83, granted at 999:40, so minute_reset is 61 s later, at 1000:41. The oldest of the hour window is 29, granted
-- at 940:50, so hour_reset is 3,601 s later, at 1000:51.
CREATE OR REPLACE FUNCTION rollgate.acquire(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- only tests set it; NULL: clock_timestamp() after the lock
  p_durable    boolean     DEFAULT true,  -- false: the commit does not wait for the disk; no grant may be reported before rollgate.flush
  OUT now_ms       bigint,  -- time of this decision, Unix ms
  OUT item         int[],   -- for each element: the subject's position in p_subjects, from 1
  OUT granted      int[],   -- number of calls granted: the first ones
  OUT minute_used  int[],   -- units in the window before this batch
  OUT hour_used    int[],
  OUT minute_reset int[],   -- second in which the oldest used unit leaves the window, after this batch; NULL: no unit is used
  OUT hour_reset   int[],
  OUT retry_at     int[],   -- second in which the first denied call would be allowed; NULL: never, or no call was denied; no array: no
                            -- call of the batch was denied
  OUT second       int[]    -- second in which the grants of the subject are counted; NULL: all in the second of now_ms
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now    timestamptz;
  v_second int;       -- Unix second of this decision …
  v_minute int;       -- … its minute, counted since 1970 …
  v_sec    smallint;  -- … its second within the minute (0-59) …
  v_before smallint;  -- … the second before that (-1 to 58) …
  v_minute_out int;   -- second in which units of second 0 of this minute leave the minute window …
  v_hour_out   int;   -- … and the hour window
  v_head   rollgate.counter;  -- head of a single item …
  v_units  bigint;    -- … and its units
  v_places int[];     -- 1, 2, 3, …
  v_cold   record;
  v_set    text;
BEGIN
  IF NOT p_durable THEN
    v_set := set_config('synchronous_commit', 'off', true);
    v_set := set_config('rollgate.granted', 'yes', false);  -- read by rollgate.flush in the next transaction of this session
  END IF;

  -- Step 1: lock, then read the clock.
  PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
  -- Not now() or statement_timestamp(): their time is from before the wait for the lock.
  v_now := coalesce(p_now, clock_timestamp());
  v_second := greatest(floor(extract(epoch FROM v_now)), (SELECT max(swept_to) FROM rollgate.lane WHERE lane = ANY (p_lanes)));
  v_minute := v_second / 60;
  v_sec := v_second % 60;
  v_before := v_sec - 1;
  v_minute_out := v_minute * 60 + rollgate.window_buckets('minute');
  v_hour_out := v_minute * 60 + rollgate.window_buckets('hour');
  now_ms := floor(extract(epoch FROM v_now) * 1000);

  -- Step 2: grant what fits at once.
  IF cardinality(p_subjects) = 1 THEN
    -- Half of the time of a batch of one is the start of statements, which grows with the number of their expressions. To read the head
    -- first costs less than to start an UPDATE that finds nothing, and the UPDATE by key is half of the one for a batch.
    SELECT * INTO v_head FROM rollgate.counter WHERE lane = p_lanes[1] AND subject = p_subjects[1];
    IF v_head.minute = v_minute THEN
      v_units := p_costs[1]::bigint * p_calls[1];
      IF rollgate.fits_at_once(v_head, v_units, p_per_minute[1], p_per_hour[1], v_minute, v_sec, v_before) THEN
        UPDATE rollgate.counter head
        SET total = head.total + v_units,
            near_hour = CASE
              WHEN rollgate.is_near(head.total + v_units, head.prev_start, p_per_minute[1], head.hour_start, p_per_hour[1])
                THEN v_second / 3600 ELSE head.near_hour END,
            secs[rollgate.grant_place(head.secs, v_before)] = v_sec,
            sums[rollgate.grant_place(head.secs, v_before)] = head.sums[cardinality(head.sums)] + v_units
        WHERE head.lane = p_lanes[1] AND head.subject = p_subjects[1]
        RETURNING ARRAY[1], p_calls,
          ARRAY[(head.total - v_units - rollgate.minute_base(head, v_before))::int],
          ARRAY[(head.total - v_units - rollgate.hour_base(head, v_before))::int],
          ARRAY[rollgate.minute_reset(head, v_minute_out, v_before)], ARRAY[rollgate.hour_reset(head, v_hour_out, v_before)]
        INTO item, granted, minute_used, hour_used, minute_reset, hour_reset;
      END IF;
    END IF;
  ELSE
    v_places := array_positions(array_fill(1, ARRAY[cardinality(p_subjects)]), 1);
    WITH granted_at_once AS (
      UPDATE rollgate.counter head
      SET total = head.total + asked.units,
          near_hour = CASE
            WHEN rollgate.is_near(head.total + asked.units, head.prev_start, asked.per_minute, head.hour_start, asked.per_hour)
              THEN v_second / 3600 ELSE head.near_hour END,
          secs[rollgate.grant_place(head.secs, v_before)] = v_sec,
          sums[rollgate.grant_place(head.secs, v_before)] = head.sums[cardinality(head.sums)] + asked.units
      FROM (
        -- Unnested in the select list, which passes rows on one by one; FROM would materialize the set first. Only arrays: the
        -- planner estimates ten rows for an array but a thousand for a series, and would then scan a new table for each item.
        SELECT unnest(p_subjects) AS subject, unnest(p_lanes) AS lane, unnest(p_calls) AS calls,
               unnest(p_costs)::bigint * unnest(p_calls) AS units,
               unnest(p_per_minute) AS per_minute, unnest(p_per_hour) AS per_hour, unnest(v_places) AS place
      ) asked
      -- Both key columns come from the item, so each item looks up its head by index, whatever the statistics of a new table say.
      WHERE head.lane = asked.lane AND head.subject = asked.subject
        AND rollgate.fits_at_once(head, asked.units, asked.per_minute, asked.per_hour, v_minute, v_sec, v_before)
      RETURNING asked.place, asked.calls,
        (head.total - asked.units - rollgate.minute_base(head, v_before))::int AS minute_used,
        (head.total - asked.units - rollgate.hour_base(head, v_before))::int AS hour_used,
        rollgate.minute_reset(head, v_minute_out, v_before) AS minute_reset,
        rollgate.hour_reset(head, v_hour_out, v_before) AS hour_reset
    )
    -- The updated rows come in the order of the plan, not of the batch, so `item` is collected from the same rows as the other
    -- arrays.
    SELECT array_agg(place), array_agg(calls), array_agg(minute_used), array_agg(hour_used), array_agg(minute_reset),
           array_agg(hour_reset)
    INTO item, granted, minute_used, hour_used, minute_reset, hour_reset
    FROM granted_at_once;
  END IF;
  IF cardinality(p_subjects) = cardinality(item) THEN
    -- Only a sweep of the lane can be ahead of the clock.
    IF v_second > now_ms / 1000 THEN
      second := array_fill(v_second, ARRAY[cardinality(item)]);
    END IF;
    RETURN;
  END IF;

  -- Step 3: decide the rest.
  -- Nothing of what was granted at once was denied.
  retry_at := array_fill(NULL::int, ARRAY[coalesce(cardinality(item), 0)]);
  second := array_fill(v_second, ARRAY[coalesce(cardinality(item), 0)]);
  v_cold := rollgate.acquire_cold(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, item, v_second);
  item         := item         || v_cold.item;
  granted      := granted      || v_cold.granted;
  minute_used  := minute_used  || v_cold.minute_used;
  hour_used    := hour_used    || v_cold.hour_used;
  minute_reset := minute_reset || v_cold.minute_reset;
  hour_reset   := hour_reset   || v_cold.hour_reset;
  retry_at     := retry_at     || v_cold.retry_at;
  second       := second       || v_cold.second;
  IF NOT p_durable AND (0 < ANY (granted)) IS NOT TRUE THEN
    v_set := set_config('rollgate.granted', 'no', false);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.acquire IS
  'Decides one batch: how many calls of each subject fit into the rolling minute and hour; writes only what it grants';

-- Decides the rest of a batch at second p_second: every item that is not in p_done. Only rollgate.acquire calls this, while it
-- holds the lanes (docs/decisions/0002-hot-and-cold.md). An existing head row is written once, whatever its minute.
--
-- A head of an earlier minute H is stale at minute m. When it grants, its minute is archived in rollgate.bucket, and the head moves to
-- minute m: it gets secs and sums of the new grant alone, and these copies:
--
--   H                  prev_*          hour_*                                       hour_next
--   m - 1              minute H        archived minute m - 60; empty if none        oldest counted unit of minutes m - 59 to H
--   m - 59 to m - 2    empty           archived minute m - 60; empty if none        oldest counted unit of minutes m - 59 to H
--   m - 60             empty           minute H                                     NULL
--   before m - 60      empty           empty                                        NULL
--
-- hour_start is the start of the first minute on record from m - 60 on, and the total if there is none. prev_start is the start of
-- minute H if H = m - 1, and the total otherwise.
CREATE OR REPLACE FUNCTION rollgate.acquire_cold(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_done       int[],  -- places in the batch that rollgate.acquire has answered; NULL: none
  p_second     int,
  OUT item         int[],  -- these are as in rollgate.acquire
  OUT granted      int[],
  OUT minute_used  int[],
  OUT hour_used    int[],
  OUT minute_reset int[],
  OUT hour_reset   int[],
  OUT retry_at     int[],
  OUT second       int[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Two items of one subject would each count from the same total, and one grant would be lost. The check also covers p_done:
  -- which of two equal subjects rollgate.acquire has granted depends on the plan, and it never grants both.
  IF cardinality(p_subjects) > 1 AND (
    SELECT count(*) <> count(DISTINCT asked.subject COLLATE "C") FROM unnest(p_subjects) AS asked (subject)
  ) THEN
    RAISE EXCEPTION 'rollgate.acquire: the batch contains a subject twice' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- Each stage adds columns to the one before. OFFSET 0 keeps a stage separate: merged into the next, its expressions would be
  -- compiled and run for each use of a column.
  --
  -- Stage 1: each item with the stored head of its subject (old_…; NULL: there is none), and the time at which it is decided.
  WITH found AS (
    SELECT asked.place, asked.lane, asked.subject, asked.cost, asked.calls, asked.per_minute, asked.per_hour,
           clock.second, clock.second / 60 AS minute, (clock.second % 60)::smallint AS sec,
           (clock.second % 60 - 1)::smallint AS before,
           head.ctid AS old_row, head.minute < clock.second / 60 AS stale, head.minute AS old_minute, head.total, head.cleared,
           head.total - head.sums[cardinality(head.sums)] AS old_start, head.secs AS old_secs, head.sums AS old_sums,
           head.prev_start AS old_prev_start, head.prev_secs AS old_prev_secs, head.prev_sums AS old_prev_sums,
           head.hour_start AS old_hour_start, head.hour_secs AS old_hour_secs, head.hour_sums AS old_hour_sums,
           head.hour_next AS old_hour_next
    FROM unnest(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour) WITH ORDINALITY
         AS asked (lane, subject, cost, calls, per_minute, per_hour, place)
    LEFT JOIN rollgate.counter head ON head.lane = asked.lane AND head.subject = asked.subject
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (SELECT greatest(p_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) clock
    WHERE p_done IS NULL OR asked.place <> ALL (p_done)
    OFFSET 0
  ),
  -- Stage 2: the head as it is at the minute of the decision. Only a stale head is recomputed.
  moved AS (
    SELECT found.place, found.lane, found.subject, found.cost, found.calls, found.per_minute, found.per_hour,
           found.second, found.minute, found.sec, found.before,
           found.old_row, found.stale, found.old_minute, found.old_start, found.old_secs, found.old_sums,
           coalesce(total, 0) AS total, coalesce(cleared, 0) AS cleared,
           CASE WHEN NOT stale THEN old_start ELSE total END AS start,
           CASE WHEN NOT stale THEN old_secs END AS secs,
           CASE WHEN NOT stale THEN old_sums END AS sums,
           CASE WHEN NOT stale THEN old_prev_start WHEN old_minute = found.minute - 1 THEN old_start ELSE total END AS prev_start,
           CASE WHEN NOT stale THEN old_prev_secs WHEN old_minute = found.minute - 1 THEN old_secs ELSE '{}' END AS prev_secs,
           CASE WHEN NOT stale THEN old_prev_sums WHEN old_minute = found.minute - 1 THEN old_sums ELSE '{}' END AS prev_sums,
           CASE WHEN NOT stale THEN old_hour_start WHEN old_minute < found.minute - 60 THEN total
                ELSE coalesce(first_archived.start, old_start) END AS hour_start,
           CASE WHEN NOT stale THEN old_hour_secs WHEN old_minute = found.minute - 60 THEN old_secs
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.secs ELSE '{}' END AS hour_secs,
           CASE WHEN NOT stale THEN old_hour_sums WHEN old_minute = found.minute - 60 THEN old_sums
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.sums ELSE '{}' END AS hour_sums,
           CASE WHEN NOT stale THEN old_hour_next WHEN old_minute > found.minute - 60 THEN coalesce(next_counted.second,
                old_minute * 60 + rollgate.oldest_second(cleared, old_start, old_secs, old_sums)) END AS hour_next
    FROM found
    -- The first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT minute, start, secs, sums FROM rollgate.bucket
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute >= found.minute - 60
      ORDER BY minute LIMIT 1
    ) first_archived ON true
    -- The oldest second with counted units after the minute an hour ago.
    LEFT JOIN LATERAL (
      SELECT minute * 60 + rollgate.oldest_second(found.cleared, start, secs, sums) AS second FROM rollgate.bucket
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute > found.minute - 60
        AND sums[cardinality(sums)] > greatest(found.cleared - start, 0)
      ORDER BY minute LIMIT 1
    ) next_counted ON true
    OFFSET 0
  ),
  -- Stage 3: what each window no longer counts.
  counted AS (
    SELECT moved.*,
           rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, before) AS minute_base,
           rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, before) AS hour_base
    FROM moved
    OFFSET 0
  ),
  -- Stage 4: the decision.
  decided AS MATERIALIZED (
    SELECT counted.*, fitting.granted, fitting.granted * cost AS units,
           -- A new subject has no starts.
           rollgate.is_near(total + fitting.granted * cost, coalesce(prev_start, 0), per_minute, coalesce(hour_start, 0), per_hour) AS near
    FROM counted
    CROSS JOIN LATERAL (
      SELECT least(calls, greatest(0, rollgate.free_units(total, minute_base, per_minute, hour_base, per_hour) / cost))::int AS granted
      OFFSET 0
    ) fitting
  ),
  -- What is granted is written: the finished minute of a stale head, the head, and the heads of new subjects.
  archived AS (
    INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
    SELECT lane, subject, old_minute, old_start, old_secs, old_sums FROM decided WHERE units > 0 AND stale
  ),
  -- Within one minute only the newest second changes. WAL records what differs, whatever is assigned.
  updated AS (
    UPDATE rollgate.counter head
    SET minute = decided.minute, total = decided.total + decided.units,
        secs = CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec THEN decided.secs ELSE decided.secs || decided.sec END,
        sums = CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec
                 THEN decided.sums[:cardinality(decided.sums) - 1] ELSE decided.sums END
               || (decided.total + decided.units - decided.start)::int,
        prev_start = decided.prev_start, prev_secs = decided.prev_secs, prev_sums = decided.prev_sums,
        hour_start = decided.hour_start, hour_secs = decided.hour_secs, hour_sums = decided.hour_sums,
        hour_next = decided.hour_next,
        near_hour = CASE WHEN decided.near THEN decided.second / 3600 ELSE head.near_hour END
    FROM decided
    WHERE head.ctid = decided.old_row AND decided.units > 0
  ),
  added AS (
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start, near_hour)
    SELECT lane, subject, minute, units, ARRAY[sec], ARRAY[units], 0, 0, CASE WHEN near THEN decided.second / 3600 END
    FROM decided WHERE units > 0 AND old_row IS NULL
  ),
  -- The answers. minute_reset and hour_reset are of the oldest used unit: of the minute in which the window begins, of a minute
  -- between, of this minute, or of this very grant.
  answered AS (
    SELECT place::int AS place, decided.second, decided.granted,
           (total - minute_base)::int AS minute_used,
           (total - hour_base)::int AS hour_used,
           rollgate.window_buckets('minute') + coalesce(
             (minute - 1) * 60 + rollgate.oldest_second(minute_base, prev_start, prev_secs, prev_sums),
             minute * 60 + rollgate.oldest_second(minute_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS minute_reset,
           rollgate.window_buckets('hour') + coalesce(
             (minute - 60) * 60 + rollgate.oldest_second(hour_base, hour_start, hour_secs, hour_sums),
             hour_next,
             minute * 60 + rollgate.oldest_second(hour_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS hour_reset,
           CASE WHEN decided.granted < calls AND cost <= least(per_minute, per_hour) THEN greatest(
             rollgate.window_buckets('minute') + CASE
               WHEN leaving.minute_unit > total THEN decided.second
               WHEN leaving.minute_unit > minute_base THEN rollgate.second_of(lane, subject, leaving.minute_unit, minute - 60) END,
             rollgate.window_buckets('hour') + CASE
               WHEN leaving.hour_unit > total THEN decided.second
               WHEN leaving.hour_unit > hour_base THEN rollgate.second_of(lane, subject, leaving.hour_unit, minute - 60) END
           ) END AS retry_at
    FROM decided
    -- The newest unit that must have left each window before the first denied call fits. It may be one that was granted just now
    -- (above the old total), or one that has left already (up to the base).
    CROSS JOIN LATERAL (
      SELECT total + units + cost - per_minute AS minute_unit, total + units + cost - per_hour AS hour_unit
    ) leaving
  )
  SELECT array_agg(place), array_agg(answered.granted), array_agg(answered.minute_used), array_agg(answered.hour_used),
         array_agg(answered.minute_reset), array_agg(answered.hour_reset), array_agg(answered.retry_at), array_agg(answered.second)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
  FROM answered;
END $$;

COMMENT ON FUNCTION rollgate.acquire_cold IS
  'Decides the items of a batch that rollgate.acquire did not grant at once; called only by rollgate.acquire';

-- Decides a batch of one lane, like rollgate.acquire: same arguments, same answer. Every statement names the lane, so Citus runs the whole
-- function on the server that has it (docs/scale.md). The rule is that of rollgate.acquire_cold: rollgate.decide_lane is made from its
-- source. On one Postgres rollgate.acquire decides the same several times faster.
CREATE OR REPLACE FUNCTION rollgate.acquire_lane(
  p_lane       int,
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- only tests set it; NULL: clock_timestamp() after the lock
  OUT now_ms       bigint,  -- these are as in rollgate.acquire
  OUT item         int[],
  OUT granted      int[],
  OUT minute_used  int[],
  OUT hour_used    int[],
  OUT minute_reset int[],
  OUT hour_reset   int[],
  OUT retry_at     int[],
  OUT second       int[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_now     timestamptz;
  v_second  int;
  v_swept   bigint;
  v_heads   rollgate.counter[];
  v_minutes rollgate.bucket[];
  v_stale   text[];  -- subjects whose finished minutes are read
  v_decided record;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  v_now := coalesce(p_now, clock_timestamp());
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM v_now)), v_swept);
  now_ms := floor(extract(epoch FROM v_now) * 1000);

  SELECT array_agg(ROW(c.*)::rollgate.counter) INTO v_heads FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject = ANY (p_subjects);
  v_stale := ARRAY(SELECT h.subject FROM unnest(v_heads) h WHERE h.minute < v_second / 60);
  LOOP
    IF cardinality(v_stale) > 0 THEN
      SELECT array_agg(ROW(b.*)::rollgate.bucket) INTO v_minutes FROM rollgate.bucket b
      WHERE b.lane = p_lane AND b.subject = ANY (v_stale) AND b.minute >= v_second / 60 - 60;
    END IF;
    v_decided := rollgate.decide_lane(
      p_lane, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, v_second, v_heads, v_minutes);
    -- Only a denial needs the finished minutes of a current head: they have the unit that must leave first.
    EXIT WHEN cardinality(v_stale) = cardinality(p_subjects) OR NOT EXISTS (
      SELECT FROM unnest(v_decided.item, v_decided.granted) AS d (item, granted)
      WHERE d.granted < p_calls[d.item] AND p_subjects[d.item] <> ALL (v_stale));
    v_stale := p_subjects;
  END LOOP;

  IF v_decided.archived IS NOT NULL THEN
    INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
    SELECT p_lane, a.subject, a.minute, a.start, a.secs, a.sums FROM unnest(v_decided.archived) a;
  END IF;
  IF v_decided.updated IS NOT NULL THEN
    UPDATE rollgate.counter head
    SET minute = new.minute, total = new.total, secs = new.secs, sums = new.sums,
        prev_start = new.prev_start, prev_secs = new.prev_secs, prev_sums = new.prev_sums,
        hour_start = new.hour_start, hour_secs = new.hour_secs, hour_sums = new.hour_sums,
        hour_next = new.hour_next, near_hour = new.near_hour
    FROM unnest(v_decided.updated) new
    WHERE head.lane = p_lane AND head.subject = new.subject;
  END IF;
  IF v_decided.added IS NOT NULL THEN
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start, near_hour)
    SELECT p_lane, a.subject, a.minute, a.total, a.secs, a.sums, a.prev_start, a.hour_start, a.near_hour FROM unnest(v_decided.added) a;
  END IF;

  item         := coalesce(v_decided.item, '{}');
  granted      := coalesce(v_decided.granted, '{}');
  minute_used  := coalesce(v_decided.minute_used, '{}');
  hour_used    := coalesce(v_decided.hour_used, '{}');
  minute_reset := coalesce(v_decided.minute_reset, '{}');
  hour_reset   := coalesce(v_decided.hour_reset, '{}');
  retry_at     := coalesce(v_decided.retry_at, '{}');
  second       := coalesce(v_decided.second, '{}');
END $$;

COMMENT ON FUNCTION rollgate.acquire_lane IS
  'Decides one batch of one lane, with statements that each name the lane, as Citus needs it';

-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.create_override.
CREATE OR REPLACE FUNCTION rollgate.add_override(
  p_spec   jsonb,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT changed rollgate.override,
  OUT lowered jsonb
)
LANGUAGE plpgsql AS $$
BEGIN
  changed := rollgate.new_override(p_spec, p_by, p_ledger);
  lowered := rollgate.lowered_by(changed, p_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  changed := rollgate.store_override(changed, lowered, p_by);
END $$;

COMMENT ON FUNCTION rollgate.add_override IS
  'Creates an override; returns it, and the limits that it lowers: items of rollgate.lowering; NULL: none';

-- A key's scope is an API, or a group whose APIs are counted together. The limits of a group are those of its first API.
CREATE OR REPLACE FUNCTION rollgate.api_of_scope(p_scope text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_scope NOT LIKE '@%' THEN p_scope ELSE (
    SELECT c.api FROM rollgate.catalogue c WHERE c.scope = 'group' AND '@' || c.group_id = p_scope ORDER BY c.ord LIMIT 1) END
$$;

COMMENT ON FUNCTION rollgate.api_of_scope IS 'The API whose limits apply to the scope of a key, e.g. publish-bot or @data-access';

-- Files a limit request. p_spec names columns of rollgate.limit_request.
CREATE OR REPLACE FUNCTION rollgate.ask_limit(p_spec jsonb, p_by rollgate.author) RETURNS SETOF rollgate.limit_request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- A customer's retry loop must not hide the requests of others.
  c_most_open constant int := 20;
  v_ledger rollgate.ledger := rollgate.open_ledger(false);
  v_new    rollgate.limit_request;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.limit_request, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.need_reason(v_new.reason);
  IF (v_new.api IS NOT NULL OR v_new.group_id IS NOT NULL) AND NOT EXISTS (
    SELECT FROM rollgate.catalogue c WHERE rollgate.scope_covers(v_new.group_id, v_new.api, c.group_id, c.api)
  ) THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(v_new.api, v_new.group_id) USING ERRCODE = 'RG404';
  END IF;
  PERFORM rollgate.refuse_retired(v_new.api);
  IF v_new.until <= v_ledger.history_at THEN
    RAISE EXCEPTION 'until: % is in the past.', rollgate.utc(v_new.until) USING ERRCODE = 'RG422';
  END IF;
  IF (SELECT count(*) FROM rollgate.limit_request WHERE account = v_new.account AND state = 'open') >= c_most_open THEN
    RAISE EXCEPTION 'The account already has % open limit requests. Wait for their answers before filing another.', c_most_open
      USING ERRCODE = 'RG409';
  END IF;
  IF EXISTS (
    SELECT FROM rollgate.limit_request r WHERE r.denial_id = v_new.denial_id AND r.account = v_new.account AND r.state = 'open'
  ) THEN
    RAISE EXCEPTION 'There is already an open limit request for this denial.' USING ERRCODE = 'RG409';
  END IF;
  v_new.number := nextval('rollgate.limit_request_number');
  INSERT INTO rollgate.limit_request (id, number, account, group_id, api, subject, per_minute, per_hour, factor, until, reason, ticket,
    denial_id, denial, asked_by, asked_at, needs_admin)
  VALUES ('req_' || v_new.number, v_new.number, v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute,
    v_new.per_hour, v_new.factor, v_new.until, btrim(v_new.reason), v_new.ticket, v_new.denial_id, v_new.denial, p_by.actor,
    v_ledger.history_at, coalesce(v_new.needs_admin, false))
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('request', 'ask', v_new.id, v_new.account, p_by, NULL, rollgate.request_facts(v_new),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.limit_request SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN NEXT v_new;
END $$;

COMMENT ON FUNCTION rollgate.ask_limit IS 'Files a limit request. Errors: RG404 unknown API, RG409 too many open requests, RG422 invalid';

-- Assigns a plan to an account, from starts_at (default: now) until ends_at (default: no end). The assignment that is in force at its
-- start ends there. p_spec names account, plan, starts_at, ends_at, reason, ticket, backdated (starts_at may be in the
-- past, but not before the end of an earlier assignment), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.assign_plan(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.plan_assignment,  -- with the history_id of this change
  OUT lowered jsonb                      -- the account's limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
BEGIN
  changed := rollgate.new_assignment(p_spec, p_by, v_ledger);
  lowered := rollgate.lowered_by_assignment(changed, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  changed := rollgate.store_assignment(changed, lowered, p_by, v_ledger);
END $$;

COMMENT ON FUNCTION rollgate.assign_plan IS
  'Assigns a plan to an account and ends the assignment before it; p_spec: {account, plan, starts_at, ends_at, reason, ticket, '
  'backdated, allow_lowering}. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit, or overlaps a later assignment, or '
  'the plan is retired, RG422';

-- An account that is assigned twice, now and later, counts once.
CREATE OR REPLACE FUNCTION rollgate.assigned_accounts(p_plan text, p_now timestamptz) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT count(DISTINCT a.account)::int FROM rollgate.plan_assignment a
  WHERE a.plan = p_plan AND rollgate.unexpired(a.ends_at, p_now)
$$;

COMMENT ON FUNCTION rollgate.assigned_accounts IS 'Number of accounts that are assigned to a plan, now or from a later time on';

-- What an assignment changes, from p_now on and after its end. It replaces the stored one with its id, and ends earlier ones at its
-- start. Limits can change only when an assignment or an override starts or ends, so only those moments are examined, and of those only
-- the ones at which the account has another plan than before. The row of an API describes a subject that has no override of its own.
-- A plan that calls bring is not known to the database: where neither applies, the limits are those without a plan.
CREATE OR REPLACE FUNCTION rollgate.assignment_effects(
  p_new     rollgate.plan_assignment,
  p_now     timestamptz,
  p_without text DEFAULT NULL  -- another assignment, which ends at p_now
) RETURNS TABLE (
  api text, title text, ord int, at timestamptz, minute_before int, minute_after int, hour_before int, hour_after int,
  source_before text, source_after text
)
LANGUAGE sql STABLE AS $$
  WITH moments AS (
    SELECT t.at FROM (VALUES (p_now), (greatest(p_new.starts_at, p_now)), (greatest(p_new.ends_at, p_now))) t (at) WHERE t.at IS NOT NULL
    UNION
    SELECT t.at FROM rollgate.plan_assignment a CROSS JOIN LATERAL (VALUES (a.starts_at), (a.ends_at)) t (at)
    WHERE a.account = p_new.account AND t.at > p_now
    UNION
    SELECT t.at FROM rollgate.override o CROSS JOIN LATERAL (VALUES (o.starts_at), (o.expires_at)) t (at)
    WHERE o.account = p_new.account AND o.subject IS NULL AND t.at > p_now
  ),
  plans AS (
    SELECT m.at, rollgate.plan_in_force(p_new.account, m.at) AS before,
           CASE
             WHEN rollgate.in_force(p_new.starts_at, p_new.ends_at, m.at) THEN p_new.plan
             ELSE (
               SELECT a.plan FROM rollgate.plan_assignment a
               WHERE a.account = p_new.account AND a.id IS DISTINCT FROM p_new.id AND a.id IS DISTINCT FROM p_without
                 AND rollgate.in_force(a.starts_at, a.ends_at, m.at)
                 AND (m.at < p_new.starts_at OR a.starts_at > p_new.starts_at)
               ORDER BY a.starts_at DESC LIMIT 1) END AS after
    FROM moments m
  )
  SELECT c.api, c.title, c.ord, p.at, b.per_minute, a.per_minute, b.per_hour, a.per_hour, b.source, a.source
  FROM plans p
  JOIN rollgate.catalogue c ON c.retired_at IS NULL
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_new.account, c.api, '', p.before, p.at, NULL) b
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_new.account, c.api, '', p.after, p.at, NULL) a
  WHERE p.before IS DISTINCT FROM p.after
$$;

COMMENT ON FUNCTION rollgate.assignment_effects IS
  'Limits of every API before and after an assignment is stored, at each moment from p_now on at which the account gets another plan by it';

-- The facts of a plan's assignment that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.assignment_facts(a rollgate.plan_assignment) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', a.id, 'account', a.account, 'plan', a.plan,
    'startsAt', to_char(a.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'endsAt', to_char(a.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', a.reason, 'ticket', a.ticket, 'createdBy', a.created_by, 'version', a.version)
$$;

CREATE OR REPLACE FUNCTION rollgate.backdated_facts(p_starts_at timestamptz, p_created_at timestamptz) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_starts_at < p_created_at THEN '{"backdated": true}' ELSE '{}' END::jsonb
$$;

COMMENT ON FUNCTION rollgate.backdated_facts IS
  'For the history: a policy file gave the item a start in the past, before which it was not in force; {}: it did not';

-- The limits that apply to an API where no override does: those of the plan's most specific row for the API, else the default. A window
-- that the row leaves empty is the default.
CREATE OR REPLACE FUNCTION rollgate.base_limits(
  p_api  text,
  p_plan text  -- NULL: no plan
) RETURNS TABLE (per_minute int, per_hour int, source text)
LANGUAGE sql STABLE AS $$
  SELECT rollgate.limit_under(d.per_minute, l.per_minute, l.factor), rollgate.limit_under(d.per_hour, l.per_hour, l.factor),
         coalesce('plan:' || l.plan, 'default')
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  LEFT JOIN LATERAL (
    SELECT * FROM rollgate.plan_limit l
    WHERE l.plan = p_plan AND rollgate.scope_covers(l.group_id, l.api, c.group_id, c.api)
    ORDER BY rollgate.plan_limit_rank(l.group_id, l.api) DESC LIMIT 1
  ) l ON true
  WHERE c.api = p_api
$$;

COMMENT ON FUNCTION rollgate.base_limits IS
  'Limits of an API, and their source, where no override applies: of the plan''s most specific row, else the default';

-- A quarantine lasts as long as a unit counts in the minute window. After that, every unit in the window was granted after it began.
CREATE OR REPLACE FUNCTION rollgate.begin_quarantine(p_reason text, p_noticed_by text) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO rollgate.quarantine (since, until, reason, noticed_by)
  SELECT t.now, t.now + make_interval(secs => rollgate.window_buckets('minute')), p_reason, p_noticed_by
  FROM (SELECT clock_timestamp() AS now) t
$$;

COMMENT ON FUNCTION rollgate.begin_quarantine IS 'Starts a quarantine: every instance grants half limits';

-- The roll-up begins with the oldest hour of which there are limit events, or whose minutes are all on record, whichever is older; in an
-- empty database with the present hour.
CREATE OR REPLACE FUNCTION rollgate.begin_roll_up(p_keep_seconds int, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_kept  int := greatest(p_keep_seconds, (SELECT max(r.keep_seconds) FROM rollgate.retention r));
  v_units timestamptz := date_trunc('hour', p_now - v_kept * interval '1 second', 'UTC') + interval '1 hour';
  v_first timestamptz := date_trunc('hour', least(v_units, (SELECT min(e.first_at) FROM rollgate.limit_event e)), 'UTC');
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.minutes_on_record) AND NOT EXISTS (SELECT FROM rollgate.limit_event) THEN
    v_first := date_trunc('hour', p_now, 'UTC');
  END IF;
  INSERT INTO rollgate.roll_up (rolled_to, sealed_to, days_to, units_from, stepped_at)
  VALUES (v_first, v_first, (v_first AT TIME ZONE 'UTC')::date, v_units, p_now);
END $$;

COMMENT ON FUNCTION rollgate.begin_roll_up IS 'Makes the row of rollgate.roll_up, with the first hour to roll up';

-- Chooses what the roll-up does next, in this order: refunds of rolled hours, events that came late, a day that is complete, the next
-- hour, a month past retention. Returns what it did or began; NULL: nothing is due; 'held up': events of the hour are being written.
CREATE OR REPLACE FUNCTION rollgate.begin_stage(
  v           rollgate.roll_up,
  p_keep_days int,
  p_now       timestamptz
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  c_delay  constant interval := '2 minutes';
  v_count  int := rollgate.roll_up_refunds(v.rolled_to);
  v_hour   timestamptz;
  v_day    date;
BEGIN
  IF v_count > 0 THEN
    RETURN v_count || ' refunds';
  END IF;
  -- An event of a month that is dropped, or about to be, is no longer added up.
  DELETE FROM rollgate.usage_late l WHERE l.hour < date_trunc('month', p_now - p_keep_days * interval '1 day', 'UTC');
  SELECT min(l.hour) INTO v_hour FROM rollgate.usage_late l WHERE l.hour < v.rolled_to;
  IF v_hour IS NOT NULL THEN
    PERFORM rollgate.make_usage_month(v_hour);
    UPDATE rollgate.roll_up SET stage = 'denials', hour = v_hour, minute = v_hour;
    RETURN 'late events of ' || rollgate.utc(v_hour);
  END IF;
  DELETE FROM rollgate.usage_day_due d
  WHERE d.day = (SELECT min(m.day) FROM rollgate.usage_day_due m WHERE m.day < (v.rolled_to AT TIME ZONE 'UTC')::date)
  RETURNING d.day INTO v_day;
  IF v_day IS NOT NULL THEN
    UPDATE rollgate.roll_up SET stage = 'day', day = v_day, series = 0;
    RETURN 'began day ' || v_day;
  END IF;
  IF v.rolled_to + interval '1 hour' + c_delay <= p_now THEN
    PERFORM rollgate.make_usage_month(v.rolled_to);
    RETURN CASE WHEN rollgate.seal_hour(v.rolled_to) THEN 'began ' || rollgate.utc(v.rolled_to) ELSE 'held up' END;
  END IF;
  RETURN 'dropped ' || rollgate.drop_usage_month(p_keep_days, p_now);
END $$;

COMMENT ON FUNCTION rollgate.begin_stage IS 'Chooses and begins the next stage of the roll-up; returns what it began; NULL: nothing is due';

-- The subjects with calls in a span of time, and bounds of their rolling windows: a window of 61 seconds is in two minutes, and one of
-- 3,601 seconds in 61 minutes, so no window used more than the sums of these minutes. The bounds also cover the hour before the span.
-- Most subjects use so little that twice their fullest minute and their total are good enough. Bounds above p_minute or p_hour are
-- computed from the minutes.
CREATE OR REPLACE FUNCTION rollgate.calls_on_record(
  p_scopes   text[],  -- of subjects' keys, as in rollgate.key_scopes
  p_accounts text[],  -- encoded, as in subjects' keys; NULL: all
  p_lanes    int[],   -- of these accounts
  p_from     int,     -- Unix minutes, both included
  p_to       int,
  p_minute   int,     -- bounds up to these need not be precise
  p_hour     int
) RETURNS TABLE (subject text, lane int, units bigint, most_minute bigint, most_hour bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH total AS MATERIALIZED (
    SELECT m.subject, m.lane, sum(u.units) FILTER (WHERE m.minute >= p_from) AS units, 2 * max(u.units) AS most_minute,
           sum(u.units) AS most_hour
    FROM rollgate.minutes_on_record m
    CROSS JOIN LATERAL (SELECT m.sums[cardinality(m.sums)]::bigint AS units) u
    WHERE m.lane = ANY (p_lanes) AND m.minute BETWEEN p_from - 60 AND p_to AND split_part(m.subject, '/', 2) = ANY (p_scopes)
      AND (p_accounts IS NULL OR split_part(m.subject, '/', 1) = ANY (p_accounts))
    GROUP BY m.subject, m.lane
  )
  SELECT t.subject, t.lane, coalesce(t.units, 0)::bigint, coalesce(p.most_minute, t.most_minute)::bigint,
         coalesce(p.most_hour, t.most_hour)::bigint
  FROM total t
  LEFT JOIN LATERAL (
    SELECT max(s.in_minute) AS most_minute, max(s.in_hour) AS most_hour
    FROM (
      SELECT sum(m.sums[cardinality(m.sums)]) OVER (ORDER BY m.minute RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS in_minute,
             sum(m.sums[cardinality(m.sums)]) OVER (ORDER BY m.minute RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS in_hour
      FROM rollgate.minutes_on_record m
      WHERE m.lane = t.lane AND m.subject = t.subject AND m.minute BETWEEN p_from - 60 AND p_to
    ) s
  ) p ON t.most_minute > p_minute OR t.most_hour > p_hour
  WHERE NOT rollgate.is_internal(split_part(t.subject, '/', 1))
$$;

COMMENT ON FUNCTION rollgate.calls_on_record IS
  'Subjects with units in these minutes or the hour before, their units in these minutes, and bounds of the most that their 60 s and '
  '3,600 s windows used';

CREATE OR REPLACE FUNCTION rollgate.catalogue_facts(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', c.api, 'title', c.title, 'group', c.group_id, 'groupTitle', c.group_title,
    'level', c.level, 'scope', c.scope,
    'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
    'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow, 'message', c.message,
    'retiredAt', to_char(c.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', c.version)
$$;

COMMENT ON FUNCTION rollgate.catalogue_facts IS 'The fields of an API that the history shows';

-- Changes an API's default limits or its shadow mode. Only admins may. p_changes names the columns to change (per_minute, per_hour;
-- null: as shipped; shadow), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.change_catalogue(
  p_api     text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  OUT changed rollgate.catalogue,  -- with the history_id of this change
  OUT lowered jsonb                -- the default limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.catalogue;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'shadow', 'allow_lowering']);
  SELECT * INTO v_old FROM rollgate.catalogue WHERE api = p_api;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The API has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  changed := jsonb_populate_record(v_old, p_changes);
  lowered := rollgate.lowered_defaults(v_old, changed);
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
  changed := rollgate.put_catalogue(v_old, changed, p_reason, p_ticket, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.change_catalogue IS
  'Changes an API''s default limits (null: as shipped) or its shadow mode; p_changes names per_minute, per_hour, shadow, '
  'allow_lowering. Errors: RG403, RG404, RG409 it lowers a default, RG412, RG422';

-- Changes an override. p_changes names the columns to change (per_minute, per_hour, factor, extra_minute, extra_hour, mode, starts_at,
-- expires_at, ticket), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.change_override(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_given  jsonb := '{"per_minute": null, "per_hour": null}';
  v_new    rollgate.override;
  v_limits boolean := p_changes ->> 'per_minute' IS NOT NULL OR p_changes ->> 'per_hour' IS NOT NULL;
  v_factor boolean := p_changes ->> 'factor' IS NOT NULL;
  v_extra  boolean := p_changes ->> 'extra_minute' IS NOT NULL OR p_changes ->> 'extra_hour' IS NOT NULL;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'factor', 'extra_minute', 'extra_hour', 'mode',
    'starts_at', 'expires_at', 'ticket', 'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_changes);
  v_new := jsonb_populate_record(v_old, p_changes);
  -- Limits, a factor and extra units replace each other.
  IF v_limits OR v_extra THEN
    v_new.factor := p_changes ->> 'factor';
  END IF;
  IF v_limits OR v_factor THEN
    v_new.extra_minute := p_changes ->> 'extra_minute';
    v_new.extra_hour := p_changes ->> 'extra_hour';
  END IF;
  IF v_factor OR v_extra THEN
    v_new.per_minute := p_changes ->> 'per_minute';
    v_new.per_hour := p_changes ->> 'per_hour';
  END IF;
  IF v_limits AND (v_old.factor IS NOT NULL OR rollgate.sets_extra(v_old.extra_minute, v_old.extra_hour)) THEN
    v_given := p_changes;
  END IF;
  IF NOT rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has expired. Restore it or create a new one.' USING ERRCODE = 'RG409';
  END IF;
  IF NOT rollgate.unexpired(v_new.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The end date must be in the future. To end the override now, expire it.' USING ERRCODE = 'RG422';
  END IF;
  IF v_new.starts_at <> v_old.starts_at AND v_new.starts_at < v_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  v_new := rollgate.settle_override(v_new, v_given, p_by, v_ledger.history_at);
  lowered := rollgate.lowered_by(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
  changed := rollgate.put_override(v_old, v_new, 'change', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.change_override IS
  'Changes an override that is at p_version (NULL: any). Errors: RG403, RG404, RG409 expired, or it lowers a limit in force, RG412 '
  'another version, RG422';

-- p_changes names what to change: title, description, limits (all of them, as in rollgate.put_plan_limits), retired (true or false), and
-- allow_lowering. Retiring changes no limit: accounts that have the plan keep it.
CREATE OR REPLACE FUNCTION rollgate.change_plan(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.plan,  -- with the history_id of this change
  OUT lowered jsonb           -- the limits that it lowers: items of rollgate.lowered_by_plan; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.plan := rollgate.plan_at(p_id, p_version);
  v_new    rollgate.plan := v_old;
  v_put    record;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['title', 'description', 'limits', 'retired', 'allow_lowering']);
  v_new.title := btrim(coalesce(p_changes ->> 'title', v_old.title));
  v_new.description := btrim(coalesce(p_changes ->> 'description', v_old.description));
  IF v_new.title = '' THEN
    RAISE EXCEPTION 'title: must not be empty.' USING ERRCODE = 'RG422';
  END IF;
  IF p_changes ? 'retired' THEN
    v_new.retired_at := CASE WHEN (p_changes ->> 'retired')::boolean THEN coalesce(v_old.retired_at, v_ledger.history_at) END;
  END IF;
  v_put := rollgate.put_plan(v_old, v_new, p_changes -> 'limits', p_reason, p_by, v_ledger);
  changed := v_put.changed;
  lowered := v_put.lowered;
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
END $$;

COMMENT ON FUNCTION rollgate.change_plan IS
  'Changes a plan that is at p_version (NULL: any); p_changes: {title, description, limits, retired, allow_lowering}. Errors: RG403 not an '
  'admin, RG404, RG409 it lowers a limit, RG412 another version, RG422';

CREATE OR REPLACE FUNCTION rollgate.changed_since(p_done rollgate.history, p_last_id bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT max(h.id) FROM rollgate.history h WHERE h.kind = p_done.kind AND h.target = p_done.target AND h.id > p_last_id
$$;

COMMENT ON FUNCTION rollgate.changed_since IS 'Newest change after p_last_id of the item that p_done changed; NULL: none';

-- Extra units in force or later are added to the limits of the plan too, so they count together toward the approval limit, where the plan
-- raises a limit. Overrides of limits that cover the API do not matter here: they may end before the assignment.
CREATE OR REPLACE FUNCTION rollgate.check_assigned_ceiling(
  p_new rollgate.plan_assignment,
  p_by  rollgate.author,
  p_now timestamptz
) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_times  int := (SELECT c.times FROM rollgate.ceiling c WHERE c.role = p_by.role);
  v_before text := rollgate.plan_in_force(p_new.account, greatest(p_new.starts_at, p_now));
  v_above  text;
BEGIN
  SELECT c.api INTO v_above
  FROM rollgate.override o
  JOIN rollgate.catalogue c ON rollgate.scope_covers(o.group_id, o.api, c.group_id, c.api)
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  CROSS JOIN LATERAL rollgate.base_limits(c.api, v_before) b
  CROSS JOIN LATERAL rollgate.base_limits(c.api, p_new.plan) a
  WHERE o.account = p_new.account AND rollgate.sets_extra(o.extra_minute, o.extra_hour)
    AND o.expires_at > greatest(p_new.starts_at, p_now) AND (p_new.ends_at IS NULL OR o.starts_at < p_new.ends_at)
    AND (a.per_minute > b.per_minute AND rollgate.with_extra(a.per_minute, o.extra_minute) > d.per_minute::bigint * v_times
      OR a.per_hour > b.per_hour AND rollgate.with_extra(a.per_hour, o.extra_hour) > d.per_hour::bigint * v_times)
  ORDER BY c.ord LIMIT 1;
  IF found THEN
    PERFORM rollgate.refuse_above_ceiling(p_by, v_above);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_assigned_ceiling IS
  'Refuses (RG403) an assignment by which the plan''s limits and extra units together are above the approval limit of its author''s role';

-- Refuses what is above the role's approval limit.
CREATE OR REPLACE FUNCTION rollgate.check_ceiling(p_override rollgate.override, p_by rollgate.author) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_ceiling rollgate.ceiling;
  v_minute  bigint;
  v_hour    bigint;
BEGIN
  SELECT * INTO v_ceiling FROM rollgate.ceiling WHERE role = p_by.role;
  IF NOT found THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  SELECT d.per_minute, d.per_hour INTO v_minute, v_hour FROM rollgate.least_default d
  WHERE d.group_id IS NOT DISTINCT FROM p_override.group_id AND d.api IS NOT DISTINCT FROM p_override.api;
  IF v_minute IS NULL THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(p_override.api, p_override.group_id) USING ERRCODE = 'RG404';
  END IF;
  IF p_override.per_minute > v_minute * v_ceiling.times OR p_override.per_hour > v_hour * v_ceiling.times THEN
    RAISE EXCEPTION 'The role % may grant up to % units a minute and % units an hour in this scope: % times the default.',
      p_by.role, v_minute * v_ceiling.times, v_hour * v_ceiling.times, v_ceiling.times
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  IF p_override.factor > v_ceiling.times THEN
    RAISE EXCEPTION 'The role % may grant up to % times the default.', p_by.role, v_ceiling.times
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_ceiling.days IS NOT NULL
    AND coalesce(p_override.expires_at, 'infinity') > clock_timestamp() + make_interval(days => v_ceiling.days, mins => 1) THEN
    RAISE EXCEPTION 'The role % may grant up to % days.', p_by.role, v_ceiling.days
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  IF v_ceiling.times IS NOT NULL AND p_override.mode = 'shadow' THEN
    RAISE EXCEPTION 'The role % may not switch enforcement off.', p_by.role USING ERRCODE = 'RG403', DETAIL = 'ceiling',
      HINT = 'Ask an admin.';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_ceiling IS 'Refuses (RG403) an override above the approval limit of its author''s role';

-- Extra units count together with the limits to which they are added: of every API in the scope, at every moment, also of the subjects
-- that have an override of their own. An override of limits counts so too while extra units are in force, where it raises a limit.
CREATE OR REPLACE FUNCTION rollgate.check_extra_ceiling(p_new rollgate.override, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_times int := (SELECT c.times FROM rollgate.ceiling c WHERE c.role = p_by.role);
  v_extra boolean := rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour);
  v_above text;
BEGIN
  IF v_times IS NULL OR NOT v_extra AND NOT EXISTS (
    SELECT FROM rollgate.override o
    WHERE o.account = p_new.account AND o.id <> p_new.id AND rollgate.sets_extra(o.extra_minute, o.extra_hour)
      AND rollgate.unexpired(o.expires_at, p_now)
  ) THEN
    RETURN;
  END IF;
  SELECT e.api INTO v_above
  FROM (
    SELECT NULL AS subject, NULL AS api
    UNION
    SELECT o.subject, o.api FROM rollgate.override o
    WHERE p_new.subject IS NULL AND o.account = p_new.account AND o.subject IS NOT NULL AND rollgate.unexpired(o.expires_at, p_now)
  ) s
  CROSS JOIN LATERAL rollgate.override_effects(p_new, p_now, s.subject) e
  JOIN rollgate.catalogue c ON c.api = e.api
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  WHERE (s.api IS NULL OR s.api = e.api) AND rollgate.unexpired(p_new.expires_at, e.at)
    AND (e.minute_after > d.per_minute::bigint * v_times AND (v_extra AND e.source_after = p_new.id OR e.minute_after > e.minute_before)
      OR e.hour_after > d.per_hour::bigint * v_times AND (v_extra AND e.source_after = p_new.id OR e.hour_after > e.hour_before))
  ORDER BY c.ord LIMIT 1;
  IF found THEN
    PERFORM rollgate.refuse_above_ceiling(p_by, v_above);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_extra_ceiling IS
  'Refuses (RG403) an override by which limits and extra units together are above the approval limit of its author''s role';

-- Writes the end of the history and the version of the policy that a step of a batch has reached to the ledger. Each step does that
-- once: an update for each change would leave as many dead versions of the one row, each of which every later change reads.
CREATE OR REPLACE FUNCTION rollgate.close_batch(p_policy_version bigint) RETURNS void
LANGUAGE sql AS $$
  UPDATE rollgate.ledger l
  SET policy_version = p_policy_version, history_id = coalesce(h.id, l.history_id), history_hash = coalesce(h.hash, l.history_hash)
  FROM (SELECT) one
  LEFT JOIN LATERAL (
    SELECT x.id, x.hash FROM rollgate.history x WHERE x.batch = (SELECT b.batch FROM rollgate.ledger b) ORDER BY x.id DESC LIMIT 1
  ) h ON true
$$;

COMMENT ON FUNCTION rollgate.close_batch IS
  'Ends a step of a batch: the ledger gets the version of the policy and the end of the history that the step has reached';

-- Denied calls from p_from until just before p_to, by hour and window; an hour at either end counts only its part of that time. A
-- whole hour that is rolled up comes from rollgate.denial_hour, everything else from the events. The result is the same as if all came from
-- the events, at any time: both are read in one snapshot. NULL as a filter: any.
CREATE OR REPLACE FUNCTION rollgate.count_denials(
  p_from timestamptz, p_to timestamptz, p_account text, p_api text, p_group_id text, p_window_name text, p_mode text, p_source text
) RETURNS TABLE (hour timestamptz, window_name text, calls bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH hours AS MATERIALIZED (
    SELECT h.hour, greatest(h.hour, p_from) AS since, least(h.hour + interval '1 hour', p_to) AS until,
           -- The sums of all accounts are not divided by source.
           (p_account IS NOT NULL OR p_source IS NULL) AND h.hour >= p_from AND h.hour + interval '1 hour' <= p_to
             AND h.hour < r.rolled_to AND NOT EXISTS (SELECT FROM rollgate.reopened_hours o WHERE o.hour = h.hour) AS rolled
    FROM generate_series(date_trunc('hour', p_from, 'UTC'), p_to - interval '1 microsecond', interval '1 hour') AS h (hour)
    LEFT JOIN rollgate.roll_up r ON true
  )
  SELECT h.hour, d.window_name, sum(d.calls)::bigint
  FROM rollgate.usage_series s
  JOIN rollgate.denial_hour d ON d.series = s.id AND d.hour >= p_from AND d.hour < p_to
  JOIN hours h ON h.hour = d.hour AND h.rolled
  WHERE s.account = coalesce(p_account, '') AND (p_api IS NULL OR s.api = p_api)
    AND (p_group_id IS NULL OR s.api IN (SELECT c.api FROM rollgate.catalogue c WHERE c.group_id = p_group_id))
    AND (p_window_name IS NULL OR d.window_name = p_window_name) AND (p_mode IS NULL OR d.mode = p_mode)
    AND (p_source IS NULL OR d.source = p_source)
  GROUP BY 1, 2
  UNION ALL
  SELECT h.hour, e.window_name, e.calls
  FROM hours h
  CROSS JOIN LATERAL (
    SELECT k.window_name, sum(r.count)::bigint AS calls
    FROM rollgate.limit_event_row r JOIN rollgate.event_class k ON k.id = r.class
    WHERE r.first_at >= h.since AND r.first_at < h.until AND k.kind = 'denied'
      AND (p_account IS NULL AND NOT rollgate.is_internal(r.account) OR r.account = p_account)
      AND (p_api IS NULL OR k.api = p_api) AND (p_group_id IS NULL OR k.group_id = p_group_id)
      AND (p_window_name IS NULL OR k.window_name = p_window_name) AND (p_mode IS NULL OR k.mode = p_mode)
      AND (p_source IS NULL OR coalesce(r.source, 'default') = p_source)
    GROUP BY k.window_name
  ) e
  WHERE h.rolled IS NOT TRUE
$$;

COMMENT ON FUNCTION rollgate.count_denials IS
  'Denied calls of a time span by hour and window, from the roll-up where it has them, from the events otherwise; exact';

-- Returns the number of instances by which this one divides what it may grant while the database is away: the highest number that
-- ran at once within the last hour. NULL: another instance still divides by less than the number running now, so this one may grant
-- nothing yet. Other instances raise their number within two polls. An instance that has not polled for 5 s is ignored, because it
-- has most likely stopped.
--
-- p_counted is the number the caller divides by now. A larger number is stored only once the caller sends it back, because the
-- answer may be lost. A smaller number is stored at once, because the caller may use it from the answer on.
CREATE OR REPLACE FUNCTION rollgate.count_instances(p_instance text, p_counted int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  v_minute  int := floor(extract(epoch FROM clock_timestamp()) / 60);
  v_live    int;
  v_most    int;
  v_counted int;
BEGIN
  -- Instances that begin to have a share, or get a larger one, run this one after another, so that each sees what the previous
  -- one has written.
  IF p_counted IS NULL OR p_counted > rollgate.most_instances() THEN
    PERFORM pg_advisory_xact_lock(7609, 0);
  END IF;
  v_live := (SELECT count(*) FROM rollgate.instance);
  v_most := rollgate.most_instances();
  IF NOT EXISTS (SELECT FROM rollgate.instance_peak WHERE minute = v_minute AND instances >= v_live) THEN
    INSERT INTO rollgate.instance_peak AS p VALUES (v_minute, v_live)
    ON CONFLICT (minute) DO UPDATE SET instances = greatest(p.instances, excluded.instances);
    DELETE FROM rollgate.instance_peak WHERE minute NOT BETWEEN v_minute - 60 AND v_minute + 1;
  END IF;
  IF p_counted IS NULL AND EXISTS (
    SELECT FROM rollgate.instance i
    WHERE i.id <> p_instance AND i.counted < v_live AND i.seen_at > clock_timestamp() - interval '5 seconds'
  ) THEN
    RETURN NULL;
  END IF;
  v_counted := least(p_counted, v_most);
  UPDATE rollgate.instance SET counted = v_counted WHERE id = p_instance AND counted IS DISTINCT FROM v_counted;
  RETURN v_most;
END $$;

COMMENT ON FUNCTION rollgate.count_instances IS
  'Most instances at once within the last hour; NULL: not all other instances have counted this one yet';

-- Creates an override. p_spec names columns of rollgate.override (account, group_id, api, subject, per_minute, per_hour, factor,
-- extra_minute, extra_hour, mode, starts_at, expires_at, reason, ticket, request_id), backdated (starts_at may be in the past), and
-- allow_lowering. A limit that it leaves out keeps its effective value; a limit given as null is the default.
CREATE OR REPLACE FUNCTION rollgate.create_override(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.changed, a.lowered FROM rollgate.open_ledger(true) l CROSS JOIN LATERAL rollgate.add_override(p_spec, p_by, l) a
$$;

COMMENT ON FUNCTION rollgate.create_override IS
  'Creates an override; p_spec names columns of rollgate.override (a limit left out keeps its effective value, null is the default), '
  'backdated and allow_lowering. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit in force, RG422';

-- p_spec names id, title (default: the id), description, limits (as in rollgate.put_plan_limits), reason.
CREATE OR REPLACE FUNCTION rollgate.create_plan(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.plan,  -- with the history_id of this change
  OUT lowered jsonb           -- NULL: no account has the plan yet
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_id     text := p_spec ->> 'id';
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['id', 'title', 'description', 'limits', 'reason']);
  PERFORM rollgate.need_admin(p_by, 'plans');
  PERFORM rollgate.need_reason(p_spec ->> 'reason');
  IF coalesce(v_id, '') !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' THEN
    RAISE EXCEPTION 'id: must be 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter or a digit.'
      USING ERRCODE = 'RG422';
  END IF;
  IF EXISTS (SELECT FROM rollgate.plan WHERE id = v_id) THEN
    RAISE EXCEPTION 'There is a plan "%" already.', v_id USING ERRCODE = 'RG409';
  END IF;
  INSERT INTO rollgate.plan (id, title, description, created_by, created_at, changed_by, changed_at, changed_in)
  VALUES (v_id, coalesce(nullif(btrim(p_spec ->> 'title'), ''), v_id), coalesce(btrim(p_spec ->> 'description'), ''), p_by.actor,
    v_ledger.history_at, p_by.actor, v_ledger.history_at, v_ledger.policy_version)
  RETURNING * INTO changed;
  PERFORM rollgate.put_plan_limits(v_id, coalesce(p_spec -> 'limits', '[]'));
  changed.history_id := rollgate.record('plan', 'create', v_id, NULL, p_by, NULL, rollgate.plan_facts(changed), btrim(p_spec ->> 'reason'));
  UPDATE rollgate.plan SET history_id = changed.history_id WHERE id = v_id;
END $$;

COMMENT ON FUNCTION rollgate.create_plan IS
  'Creates a plan; p_spec: {id, title, description, limits: [{group_id, api, per_minute, per_hour, factor}], reason}. Errors: RG403 not '
  'an admin, RG404 unknown API or group, RG409 the id is taken, RG422';

-- Approves a limit request and creates its override in the same transaction, or declines it. p_changes may name per_minute,
-- per_hour, factor, expires_at, starts_at, ticket and allow_lowering. A limit that neither p_changes nor the request names keeps its
-- effective value.
CREATE OR REPLACE FUNCTION rollgate.decide_request(
  p_id      text,
  p_version int,    -- the version that the caller has seen; NULL: any
  p_approve boolean,
  p_changes jsonb,  -- what the override gets instead of what was requested; NULL: nothing
  p_answer  text,   -- shown to the customer; required to decline
  p_by      rollgate.author,
  OUT changed rollgate.limit_request,  -- with the history_id of this change
  OUT lowered jsonb                    -- the limits that the override lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger    rollgate.ledger := rollgate.open_ledger(p_approve);
  v_old       rollgate.limit_request;
  v_requested jsonb;
  v_added     record;
  v_made      rollgate.override;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'factor', 'expires_at', 'starts_at', 'ticket',
    'allow_lowering']);
  SELECT * INTO v_old FROM rollgate.limit_request WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no limit request "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.state <> 'open' THEN
    RAISE EXCEPTION 'The limit request was already % by %.', v_old.state, v_old.decided_by USING ERRCODE = 'RG409';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The limit request has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not review limit requests.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  IF v_old.asked_by = p_by.actor THEN
    RAISE EXCEPTION 'You can''t review your own limit request.' USING ERRCODE = 'RG403';
  END IF;
  IF NOT p_approve THEN
    PERFORM rollgate.need_reason(p_answer);
  ELSE
    IF v_old.until <= v_ledger.history_at AND NOT coalesce(p_changes, '{}') ? 'expires_at' THEN
      RAISE EXCEPTION 'The requested end, %, has passed. Choose another end date.', rollgate.utc(v_old.until) USING ERRCODE = 'RG422';
    END IF;
    v_requested := jsonb_strip_nulls(jsonb_build_object(
      'per_minute', v_old.per_minute, 'per_hour', v_old.per_hour, 'factor', v_old.factor));
    -- Setting limits removes a factor, and setting a factor removes limits.
    IF p_changes ->> 'factor' IS NOT NULL THEN
      v_requested := v_requested - ARRAY['per_minute', 'per_hour'];
    ELSIF p_changes ->> 'per_minute' IS NOT NULL OR p_changes ->> 'per_hour' IS NOT NULL THEN
      v_requested := v_requested - 'factor';
    END IF;
    v_added := rollgate.add_override(
      jsonb_build_object('account', v_old.account, 'group_id', v_old.group_id, 'api', v_old.api, 'subject', v_old.subject,
        'expires_at', v_old.until, 'ticket', v_old.ticket)
      || v_requested || coalesce(p_changes, '{}')
      || jsonb_build_object('reason', v_old.reason, 'request_id', v_old.id),
      p_by, v_ledger);
    v_made := v_added.changed;
    lowered := v_added.lowered;
  END IF;
  UPDATE rollgate.limit_request r
  SET state = CASE WHEN p_approve THEN 'approved' ELSE 'declined' END, decided_by = p_by.actor, decided_at = v_ledger.history_at,
      answer = nullif(btrim(p_answer), ''), override_id = v_made.id, version = r.version + 1
  WHERE r.id = p_id
  RETURNING * INTO changed;
  changed.history_id := rollgate.record('request', CASE WHEN p_approve THEN 'approve' ELSE 'decline' END, changed.id, changed.account,
    p_by, rollgate.request_facts(v_old), rollgate.request_facts(changed), coalesce(changed.answer, v_old.reason), changed.ticket);
  UPDATE rollgate.limit_request SET history_id = changed.history_id WHERE id = changed.id;
END $$;

COMMENT ON FUNCTION rollgate.decide_request IS
  'Approves a limit request and creates its override, or declines it. Errors: RG403 own request or above the approval limit, RG404, '
  'RG409 already decided, or it lowers a limit in force, RG412, RG422';

-- Returns n of a decision's id, <event>.<n>; NULL where the id has no number.
CREATE OR REPLACE FUNCTION rollgate.decision_number(p_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT sum((strpos('0123456789abcdefghijklmnopqrstuvwxyz', d.digit) - 1) * (36::numeric ^ (length(n.text) - d.place)))::bigint
  FROM (SELECT split_part(p_id, '.', 2) AS text) n
  CROSS JOIN LATERAL string_to_table(n.text, NULL) WITH ORDINALITY AS d (digit, place)
  WHERE n.text ~ '^[0-9a-z]{1,10}$'
$$;

COMMENT ON FUNCTION rollgate.decision_number IS 'The number of a decision within its event, from 1; NULL: the id is the event''s';

-- Reverses rollgate.encode_part, and is in plpgsql for the same reason.
CREATE OR REPLACE FUNCTION rollgate.decode_part(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF position('%' IN p_text) = 0 THEN
    RETURN p_text;
  END IF;
  RETURN (
    SELECT string_agg(CASE WHEN m[1] ~ '^%[0-9A-F]{2}$' THEN chr(('x' || substr(m[1], 2))::bit(8)::int) ELSE m[1] END, '' ORDER BY ord)
    FROM regexp_matches(p_text, '%[0-9A-F]{2}|[^%]+|%', 'g') WITH ORDINALITY AS r (m, ord));
END $$;

COMMENT ON FUNCTION rollgate.decode_part IS 'Decodes an account or a value from its form in a subject''s key';

-- The rule for one default limit of an API: an admin's edit replaces the limit that the programs ship. Inlined.
CREATE OR REPLACE FUNCTION rollgate.default_limit(p_edited int, p_shipped int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(p_edited, p_shipped)
$$;

COMMENT ON FUNCTION rollgate.default_limit IS 'A default limit: as edited, or as shipped; inlined';

-- Returns the default limits of an API in force now. Inlined.
CREATE OR REPLACE FUNCTION rollgate.default_limits(c rollgate.catalogue) RETURNS TABLE (per_minute int, per_hour int)
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.default_limit(c.per_minute, c.shipped_per_minute), rollgate.default_limit(c.per_hour, c.shipped_per_hour)
$$;

COMMENT ON FUNCTION rollgate.default_limits IS 'An API''s default limits: as edited, or as shipped; inlined';

-- Two applications that register the same API must agree on this. Titles and messages are not part of it.
CREATE OR REPLACE FUNCTION rollgate.definition_text(c rollgate.catalogue) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('[%s], %s per minute, %s per hour, group %s%s', array_to_string(c.level, ', '), c.shipped_per_minute, c.shipped_per_hour,
    c.group_id, CASE WHEN c.scope = 'group' THEN ' (counted together)' ELSE '' END)
$$;

COMMENT ON FUNCTION rollgate.definition_text IS
  'What decides how calls of an API are counted, as text: level, limits as registered, group and scope';

-- The hours that hold the newest p_rows denial events of an API, a group, a window or a mode before p_before, newest first. An hour that
-- is not rolled up is included, whatever it holds. With them a page of such events reads a few hours instead of everything between two
-- rare events. NULL as a filter: any.
CREATE OR REPLACE FUNCTION rollgate.denial_hours(
  p_from timestamptz, p_before timestamptz, p_rows int, p_api text, p_group_id text, p_window_name text, p_mode text
) RETURNS timestamptz[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH rolled AS (
    SELECT d.hour, sum(d.events) AS events
    FROM rollgate.usage_series s JOIN rollgate.denial_hour d ON d.series = s.id
    WHERE s.account = '' AND (p_api IS NULL OR s.api = p_api)
      AND (p_group_id IS NULL OR s.api IN (SELECT c.api FROM rollgate.catalogue c WHERE c.group_id = p_group_id))
      AND (p_window_name IS NULL OR d.window_name = p_window_name) AND (p_mode IS NULL OR d.mode = p_mode)
      AND d.hour <= coalesce(p_before, 'infinity') AND d.hour > coalesce(p_from, '-infinity') - interval '1 hour'
      AND d.hour < (SELECT r.rolled_to FROM rollgate.roll_up r)
    GROUP BY d.hour
  ),
  -- The newest hour may lie after p_before in part: it does not count.
  added AS (
    SELECT r.hour, sum(r.events) FILTER (WHERE r.hour + interval '1 hour' <= coalesce(p_before, 'infinity'))
                     OVER (ORDER BY r.hour DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newer
    FROM rolled r
  ),
  chosen AS (
    SELECT a.hour FROM added a WHERE coalesce(a.newer, 0) < p_rows
    UNION
    SELECT o.hour FROM rollgate.reopened_hours o
    UNION
    SELECT generate_series(
      coalesce((SELECT r.rolled_to FROM rollgate.roll_up r),
               (SELECT date_trunc('hour', min(e.first_at), 'UTC') FROM rollgate.limit_event_row e)),
      (SELECT max(e.first_at) FROM rollgate.limit_event_row e), interval '1 hour')
  )
  SELECT coalesce(array_agg(c.hour ORDER BY c.hour DESC), '{}') FROM chosen c
  WHERE c.hour <= coalesce(p_before, 'infinity') AND c.hour > coalesce(p_from, '-infinity') - interval '1 hour'
$$;

COMMENT ON FUNCTION rollgate.denial_hours IS
  'The hours in which to look for the newest denials of an API, a group, a window or a mode before a time';

-- Like parseSubjectKey in libs/limiter/src/subject/subject-key.ts. SECURITY DEFINER, because the auditors' views call it, and auditors may
-- not use the schema of the function that it calls.
CREATE OR REPLACE FUNCTION rollgate.dimensions_of(p_account text, p_level text[], p_subject text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p_subject = '*' THEN '{}' ELSE
    coalesce((SELECT jsonb_object_agg(split_part(d, '=', 1), rollgate.decode_part(split_part(d, '=', 2)))
              FROM unnest(string_to_array(split_part(p_subject, '/', 3), ',')) d), '{}')
    || CASE WHEN 'account' = ANY (p_level) THEN jsonb_build_object('account', p_account) ELSE '{}' END END
$$;

COMMENT ON FUNCTION rollgate.dimensions_of IS 'The dimensions of a subject and their values; {} for events that combine subjects (*)';

-- Drops the oldest month of usage_hour and denial_hour whose last hour is older than p_keep_days. Like rollgate.maintain_events, it does
-- not wait for a session that uses the tables.
CREATE OR REPLACE FUNCTION rollgate.drop_usage_month(p_keep_days int, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_parent text;
  v_name   text;
BEGIN
  SELECT p.relname, c.relname INTO v_parent, v_name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE i.inhparent IN ('rollgate.usage_hour'::regclass, 'rollgate.denial_hour'::regclass) AND c.relname ~ '_\d{6}$'
    AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= p_now - p_keep_days * interval '1 day'
  ORDER BY right(c.relname, 6), c.relname
  LIMIT 1;
  IF v_name IS NOT NULL THEN
    EXECUTE format('LOCK TABLE ONLY rollgate.%I IN ACCESS EXCLUSIVE MODE', v_parent);
    EXECUTE format('LOCK TABLE rollgate.%I IN ACCESS EXCLUSIVE MODE NOWAIT', v_name);
    EXECUTE format('DROP TABLE rollgate.%I', v_name);
  END IF;
  RETURN v_name;
END $$;

COMMENT ON FUNCTION rollgate.drop_usage_month IS
  'Drops one partition of usage by hour that is past retention; returns its name; NULL: none is';

-- Requires the lane's lock (rollgate.enter_lanes). Past usage stays on record (up to 147,483,647 units of the current minute), and the
-- subject's clock is kept.
CREATE OR REPLACE FUNCTION rollgate.empty_windows(
  p_lane       int,
  p_subject    text,
  p_history_id bigint,  -- of a reset by staff
  p_actor      text
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- The sums of a minute are int. Keep this much at most, so that two limits of 1,000,000,000 units fit after the reset.
  c_kept_units constant int := 147483647;
BEGIN
  UPDATE rollgate.counter
  SET cleared = total, hour_next = NULL,
      -- Remove the oldest units above that from the record of this minute. They are all forgiven, and `total` still counts them.
      sums = CASE
        WHEN sums[cardinality(sums)] <= c_kept_units THEN sums
        ELSE ARRAY(
          SELECT greatest(0, s.sum - (sums[cardinality(sums)] - c_kept_units))
          FROM unnest(sums) WITH ORDINALITY AS s (sum, ord) ORDER BY s.ord) END
  WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject, history_id, actor) VALUES (p_subject, p_history_id, p_actor);
END $$;

COMMENT ON FUNCTION rollgate.empty_windows IS 'Empties both windows of a subject; the caller must hold the lane''s lock';

-- Keys write the characters of their own syntax, and invisible ones, as %XX. `encodeValue` in libs/limiter/src/subject/subject-key.ts is
-- the same rule; a test compares the two.
-- In plpgsql, because Postgres starts an executor for each call of a function in SQL that contains a query: 20 times as slow.
CREATE OR REPLACE FUNCTION rollgate.encode_part(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF p_text !~ '[%/,=*"\\\x01-\x1f\x7f]' THEN
    RETURN p_text;
  END IF;
  RETURN (
    SELECT string_agg(CASE WHEN m[1] ~ '^[%/,=*"\\\x01-\x1f\x7f]$' THEN '%' || upper(lpad(to_hex(ascii(m[1])), 2, '0')) ELSE m[1] END,
           '' ORDER BY ord)
    FROM regexp_matches(p_text, '[%/,=*"\\\x01-\x1f\x7f]|[^%/,=*"\\\x01-\x1f\x7f]+', 'g') WITH ORDINALITY AS r (m, ord));
END $$;

COMMENT ON FUNCTION rollgate.encode_part IS 'Encodes an account or a value into its form in a subject''s key';

-- Ends an assignment now, or at p_ends_at.
CREATE OR REPLACE FUNCTION rollgate.end_assignment(
  p_id             text,
  p_version        int,          -- the version that the caller has seen; NULL: any
  p_ends_at        timestamptz,  -- NULL: now
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT changed rollgate.plan_assignment,  -- with the history_id of this change
  OUT lowered jsonb                      -- the account's limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.plan_assignment;
  v_new    rollgate.plan_assignment;
BEGIN
  SELECT * INTO v_old FROM rollgate.plan_assignment WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no assignment "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The assignment was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  PERFORM rollgate.need_limits_role(p_by);
  PERFORM rollgate.need_reason(p_reason);
  IF NOT rollgate.unexpired(v_old.ends_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The assignment has ended already.' USING ERRCODE = 'RG409';
  END IF;
  IF p_ends_at < v_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'ends_at: % is in the past.', rollgate.utc(p_ends_at) USING ERRCODE = 'RG422';
  END IF;
  v_new := v_old;
  v_new.ends_at := greatest(p_ends_at, v_ledger.history_at);
  IF v_new.ends_at >= v_old.ends_at THEN
    RAISE EXCEPTION 'The assignment ends at % already. To extend it, assign the plan again.', rollgate.utc(v_old.ends_at)
      USING ERRCODE = 'RG422';
  END IF;
  -- An assignment that has not started yet never will.
  v_new.starts_at := least(v_old.starts_at, v_new.ends_at - interval '1 microsecond');
  lowered := rollgate.lowered_by_assignment(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  changed := rollgate.put_assignment(v_old, v_new, 'end', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.end_assignment IS
  'Ends an assignment of a plan, at p_ends_at (NULL: now). Errors: RG403, RG404, RG409 ended already, or it lowers a limit, RG412 another '
  'version, RG422';

-- The hour is complete, for the first time or again. Its day is due when it was the last hour of the day, or when the day was complete.
CREATE OR REPLACE FUNCTION rollgate.end_hour(v rollgate.roll_up) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_day date := (v.hour AT TIME ZONE 'UTC')::date;
  v_to  timestamptz := greatest(v.rolled_to, v.hour + interval '1 hour');
BEGIN
  UPDATE rollgate.roll_up SET rolled_to = v_to, stage = 'waiting';
  IF v_day < (v_to AT TIME ZONE 'UTC')::date THEN
    INSERT INTO rollgate.usage_day_due VALUES (v_day) ON CONFLICT DO NOTHING;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.end_hour IS 'Ends the roll-up of an hour';

-- Takes the lanes' locks, so that no other transaction decides in them until this one ends. Must be a statement of its own: only the
-- next statement has a snapshot taken after the lock. (A single statement that locked and read allowed 65 of a limit of 50.)
-- One statement takes all locks: a statement per lane would add a twelfth to the time of a batch of one.
CREATE OR REPLACE FUNCTION rollgate.enter_lanes(VARIADIC p_lanes int[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'rollgate decides under READ COMMITTED only, not %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state',
            HINT = 'A snapshot older than the lane lock would not see the grants it must count.';
  END IF;
  -- In ascending order, so that batches with common lanes can't deadlock.
  PERFORM pg_advisory_xact_lock(7605, sorted.l) FROM (SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l) sorted;
END $$;

COMMENT ON FUNCTION rollgate.enter_lanes IS
  'Takes the lanes'' locks until the end of the transaction; refuses every isolation level but READ COMMITTED';

CREATE OR REPLACE FUNCTION rollgate.event_class_key(
  p_kind text, p_api text, p_group_id text, p_level text[], p_window_name text, p_mode text, p_merged text, p_route text
) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(p_kind, p_api, p_group_id, p_level, p_window_name, p_mode, p_merged, p_route)::text
$$;

COMMENT ON FUNCTION rollgate.event_class_key IS
  'The columns of an event class as one text, so that equal ones are found by an index; inlined';

-- Expires an override now. Limits that fall need no confirmation; the history lists them.
CREATE OR REPLACE FUNCTION rollgate.expire_override(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  PERFORM rollgate.need_limits_role(p_by);
  IF NOT rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has expired already.' USING ERRCODE = 'RG409';
  END IF;
  v_new.expires_at := v_ledger.history_at;
  -- An override that has not started yet never will.
  v_new.starts_at := least(v_old.starts_at, v_ledger.history_at - interval '1 microsecond');
  lowered := rollgate.lowered_by_end(v_old, v_ledger.history_at);
  changed := rollgate.put_override(v_old, v_new, 'expire', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.expire_override IS
  'Expires an override now. Limits that fall need no confirmation; the history lists them. Errors: RG403, RG404, RG409 already '
  'expired, RG412 another version';

-- Explains one decision, or one event, by its id. The limit and the override are reported as they were at the time of the decision.
CREATE OR REPLACE FUNCTION rollgate.explain_denial(p_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int,
  used int, cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, override_factor numeric, override_extra_minute int,
  override_extra_hour int, filled jsonb, allowed_again_at timestamptz, count int, mode text,
  route text, request_id text, sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH event AS (
    SELECT e.*, rollgate.decision_number(p_id) AS number, rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS "limit",
           CASE e.window_name WHEN 'hour' THEN '3,600 seconds' ELSE '60 seconds' END AS length,
           date_bin('1 minute', e.first_at, 'epoch') AS minute
    FROM rollgate.limit_event e
    WHERE e.id = split_part(p_id, '.', 1) COLLATE "C"
      AND (strpos(p_id, '.') = 0 OR rollgate.decision_number(p_id) BETWEEN 1 AND e.count)
  ),
  known AS (
    SELECT e.*, o.created_by, o.reason, o.ticket, o.expires_at, o.factor, o.extra_minute, o.extra_hour, v.version, p.plan,
           p.plan_title, p.plan_version, p.assigned_by, p.assigned_because, p.assigned_until,
           CASE WHEN e.kind = 'denied' AND e.subject <> '*' THEN coalesce(e.filled, s.filled,
             rollgate.filled_pairs(rollgate.window_filling(e.lane, e.subject, e.window_name, e.first_at))) END AS filling
    FROM event e
    LEFT JOIN LATERAL (
      SELECT rollgate.filled_pairs(x.filled) AS filled FROM rollgate.limit_event_row x JOIN rollgate.event_class k ON k.id = x.class
      WHERE rollgate.value_hash(x.subject, -1) = rollgate.value_hash(e.subject, -1) AND x.subject = e.subject
        AND k.window_name = e.window_name AND x.filled IS NOT NULL
        AND x.first_at >= e.minute AND x.first_at < e.minute + interval '1 minute'
      ORDER BY x.first_at LIMIT 1
    ) s ON e.filled IS NULL
    -- The override as it was then; its first version if, by differing clocks, it appears to be newer than the event.
    LEFT JOIN LATERAL (
      SELECT h.after ->> 'createdBy' AS created_by, h.after ->> 'reason' AS reason, h.after ->> 'ticket' AS ticket,
             (h.after ->> 'expiresAt')::timestamptz AS expires_at,
             (h.after ->> 'factor')::numeric AS factor, (h.after ->> 'extraMinute')::int AS extra_minute,
             (h.after ->> 'extraHour')::int AS extra_hour
      FROM rollgate.history h
      WHERE h.kind = 'override' AND h.target = e.source
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) o ON e.source <> 'default'
    -- The plan as it was then, and the assignment by which the account had it.
    LEFT JOIN LATERAL (
      SELECT h.target AS plan, h.after ->> 'title' AS plan_title, h.after ->> 'version' AS plan_version, a.created_by AS assigned_by,
             a.reason AS assigned_because, a.ends_at AS assigned_until
      FROM rollgate.history h
      LEFT JOIN LATERAL (
        SELECT * FROM rollgate.plan_assignment a
        WHERE a.account = e.account AND a.plan = h.target AND rollgate.in_force(a.starts_at, a.ends_at, e.first_at)
        LIMIT 1
      ) a ON true
      WHERE h.kind = 'plan' AND h.target = substr(e.source, 6)
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) p ON starts_with(e.source, 'plan:')
    LEFT JOIN LATERAL (
      SELECT (h.after ->> 'version')::int AS version FROM rollgate.history h
      WHERE h.kind = 'catalogue' AND h.target = e.api
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) v ON true
  )
  SELECT p_id, e.id, e.number, e.kind, e.account, e.api, e.subject,
         CASE WHEN e.number = e.count THEN e.last_at ELSE e.first_at END,
         e.window_name, e."limit", e.used, e.cost, e.source, e.version, e.created_by, e.reason, e.ticket, e.expires_at, e.factor,
         e.extra_minute, e.extra_hour, e.filling, e.retry_at, e.count, e.mode, e.route, e.request_id,
         concat(
           CASE WHEN e.number IS NULL THEN 'A call' ELSE 'Call ' || e.number END, ' of ', e.account, ' to ', e.api,
           CASE
             WHEN e.kind = 'granted_sample' THEN ' was granted'
             WHEN e.mode = 'shadow' THEN ' was let through in shadow mode, and would have been denied'
             WHEN e.mode = 'fallback_denied' THEN ' was denied while the database was away'
             WHEN e.mode = 'fallback_allowed' THEN ' was let through while the database was away'
             ELSE ' was denied' END,
           CASE e.merged WHEN 'second' THEN ' at ' WHEN 'minute' THEN ' in the minute of ' ELSE ' after ' END, rollgate.utc(e.first_at),
           CASE
             WHEN e.kind = 'granted_sample' THEN format(', its subject %s having used %s of %s units in 60 seconds', e.subject, e.used,
               e."limit")
             WHEN e."limit" = 0 THEN format(' because no units at all are allowed to %s', e.subject)
             WHEN e.cost > e."limit" THEN format(' because the call costs %s units and %s may never use more than %s in any %s', e.cost,
               e.subject, e."limit", e.length)
             ELSE format(' because %s had used %s of the %s units allowed in any %s and the call costs %s', e.subject, e.used, e."limit",
               e.length, e.cost) END,
           CASE
             WHEN e.source = 'default' THEN '; the limit is the default' || coalesce(' of catalogue version ' || e.version, '')
             WHEN starts_with(e.source, 'plan:') THEN concat('; the limit is that of the plan ',
               coalesce(e.plan_title, substr(e.source, 6)),
               ' (' || nullif(e.plan, e.plan_title) || ')', ', version ' || e.plan_version,
               CASE WHEN e.assigned_by IS NULL THEN ', which the call brought'
                 ELSE concat(', assigned by ', e.assigned_by, ' with the reason "',
                 e.assigned_because, '"', coalesce(', until ' || rollgate.utc(e.assigned_until), ', without end')) END)
             ELSE concat('; the limit is override ', e.source, ' (' || trim_scale(e.factor) || ' times the default)',
               CASE WHEN rollgate.sets_extra(e.extra_minute, e.extra_hour) THEN format(' (%s)', concat_ws(', ',
                 '+' || e.extra_minute || ' per minute', '+' || e.extra_hour || ' per hour')) END, ' by ',
               coalesce(e.created_by, 'an author not on record'),
               ' with the reason "' || e.reason || '"', ', ticket ' || e.ticket,
               CASE WHEN e.created_by IS NULL THEN '' ELSE coalesce(', until ' || rollgate.utc(e.expires_at), ', without end') END) END,
           CASE
             WHEN e.kind <> 'denied' OR e.cost > e."limit" THEN ''
             WHEN e.filling IS NULL THEN '; what filled the window is not on record'
             ELSE (
               SELECT format('; the window was filled from %s to %s, most of it (%s of %s) in the %s of %s',
                 rollgate.utc(to_timestamp(min(f.at)), 'HH24:MI:SS'), rollgate.utc(to_timestamp(max(f.at)), 'HH24:MI:SS'), max(f.units),
                 sum(f.units),
                 CASE e.window_name WHEN 'hour' THEN 'minute' ELSE 'second' END,
                 rollgate.utc(to_timestamp((array_agg(f.at ORDER BY f.units DESC, f.at))[1]), 'HH24:MI:SS'))
               FROM (SELECT (x ->> 0)::float8 AS at, (x ->> 1)::bigint AS units FROM jsonb_array_elements(e.filling) x) f) END,
           CASE WHEN e.kind <> 'denied' THEN '' ELSE coalesce('; the call would be allowed at ' || rollgate.utc(e.retry_at),
             '; retrying does not help') END,
           CASE
             WHEN e.kind = 'granted_sample' THEN format('; it stands for %s sampled grants of that second', e.count)
             WHEN e.count = 1 THEN '; it is the only such call of that second'
             WHEN e.merged = 'longer' THEN format('; it is one of %s such calls until %s', e.count, rollgate.utc(e.last_at))
             ELSE format('; it is one of %s such calls of that %s', e.count, e.merged) END,
           ', route ' || e.route,
           CASE WHEN e.count > 1 THEN ', the first with HTTP request ID ' ELSE ', HTTP request ID ' END || e.request_id,
           '.')
  FROM known e
  ORDER BY e.first_at
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.explain_denial IS
  'Explains one decision or event by its id, in columns and in one sentence; no row: the id is not on record';

-- A limit that an override leaves out keeps its effective value at the override's start: for one API the limit that applies, for
-- several APIs the limit of the override with the same scope. Extra units in force do not count: they are added to this limit too.
CREATE OR REPLACE FUNCTION rollgate.fill_override(
  p_new   rollgate.override,
  p_given jsonb,        -- names the limits that were given, including those given as null, which means what applies without overrides
  p_now   timestamptz,
  OUT filled   rollgate.override,
  OUT approved rollgate.override  -- the part of it that its author's approval limit must cover
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_at      timestamptz := greatest(p_new.starts_at, p_now);
  v_base    record;
  v_kept    record;  -- the limits that stay, NULL: what applies without overrides, and their source
  v_until   timestamptz;
BEGIN
  filled := p_new;
  approved := p_new;
  IF (p_new.per_minute IS NULL) = (p_new.per_hour IS NULL)
    OR p_new.per_minute IS NULL AND p_given ? 'per_minute'
    OR p_new.per_hour IS NULL AND p_given ? 'per_hour'
  THEN
    RETURN;
  END IF;
  IF NOT EXISTS (
    SELECT FROM rollgate.override o WHERE o.account = p_new.account AND rollgate.in_force(o.starts_at, o.expires_at, v_at))
  THEN
    RETURN; -- what applies without overrides stays: for most rows of an import, this is the only query
  END IF;
  IF p_new.api IS NOT NULL THEN
    SELECT b.* INTO v_base FROM rollgate.base_limits(p_new.api, rollgate.plan_in_force(p_new.account, v_at)) b;
    SELECT nullif(l.minute_without_extra, v_base.per_minute) AS per_minute, nullif(l.hour_without_extra, v_base.per_hour) AS per_hour,
      l.source_without_extra AS source
    INTO v_kept
    FROM rollgate.limits_under_plan(p_new.account, p_new.api, coalesce(p_new.subject, ''),
      rollgate.plan_in_force(p_new.account, v_at), v_at, NULL) l;
  ELSE
    SELECT o.per_minute, o.per_hour, o.id AS source INTO v_kept FROM rollgate.override o
    WHERE o.account = p_new.account AND o.group_id IS NOT DISTINCT FROM p_new.group_id AND o.api IS NULL
      AND rollgate.sets_limit(o.per_minute, o.per_hour, o.factor) AND rollgate.in_force(o.starts_at, o.expires_at, v_at)
    ORDER BY rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) DESC LIMIT 1;
  END IF;
  IF NOT found THEN
    RETURN;
  END IF;
  filled.per_minute := coalesce(p_new.per_minute, v_kept.per_minute);
  filled.per_hour := coalesce(p_new.per_hour, v_kept.per_hour);
  -- Extending another person's grant counts as a grant of one's own.
  SELECT coalesce(o.expires_at, 'infinity') INTO v_until FROM rollgate.override o WHERE o.id = v_kept.source;
  IF v_until < coalesce(p_new.expires_at, 'infinity') THEN
    approved := filled;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.fill_override IS
  'An override with the limit it leaves out filled in, and the part of it that its author''s approval limit must cover';

CREATE OR REPLACE FUNCTION rollgate.filled_pairs(p_filled int[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_filled IS NOT NULL THEN (
    SELECT jsonb_agg(jsonb_build_array(p_filled[i], p_filled[i + 1]) ORDER BY i) FROM generate_series(1, cardinality(p_filled), 2) i) END
$$;

COMMENT ON FUNCTION rollgate.filled_pairs IS 'What filled a window, as stored: second and units, alternating; as [[second, units], …]';

-- Returns one page of the accounts that start with p_prefix and have traffic, denials, an override, a plan or a limit request, now or as
-- far back as usage is on record. An account that equals p_prefix comes first on the first page; the others follow in key order. Each
-- lane, and rollgate.usage_series, is read account by account, not row by row.
-- In plpgsql with a plan for each call, which knows v_rolled_to, and opens only the events of those days.
CREATE OR REPLACE FUNCTION rollgate.find_accounts(
  p_prefix text,
  p_after  text,  -- the last key of the previous page; '': the first page
  p_limit  int
) RETURNS TABLE (key text, account text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_rolled_to timestamptz := coalesce((SELECT r.rolled_to FROM rollgate.roll_up r), '-infinity');
  v_decoded   text := rollgate.decode_part(p_prefix);
BEGIN
  RETURN QUERY
  WITH RECURSIVE walk AS (
    SELECT g AS lane, 0 AS n, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = g AND c.subject >= greatest(p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C")
      ORDER BY c.subject LIMIT 1) AS key
    FROM generate_series(0, 63) g
    UNION ALL
    SELECT w.lane, w.n + 1, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = w.lane AND c.subject >= w.key || '0' COLLATE "C" ORDER BY c.subject LIMIT 1)
    FROM walk w
    WHERE w.n < p_limit AND starts_with(w.key, p_prefix)
  ),
  rolled AS (
    SELECT 0 AS n, (
      SELECT s.prefix FROM rollgate.usage_series s
      WHERE s.prefix >= greatest(p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C") AND s.prefix <> '/'
      ORDER BY s.prefix LIMIT 1) AS prefix
    UNION ALL
    SELECT r.n + 1, (SELECT s.prefix FROM rollgate.usage_series s WHERE s.prefix > r.prefix ORDER BY s.prefix LIMIT 1)
    FROM rolled r
    WHERE r.n < p_limit AND starts_with(r.prefix, p_prefix)
  ),
  known AS (
    SELECT w.key FROM walk w
    UNION
    SELECT left(r.prefix, -1) FROM rolled r
    UNION
    SELECT p_prefix WHERE EXISTS (SELECT FROM rollgate.usage_series s WHERE s.prefix = p_prefix || '/')
    UNION
    SELECT p_prefix WHERE EXISTS (
      SELECT FROM generate_series(0, 63) g CROSS JOIN LATERAL (
        SELECT FROM rollgate.counter c
        WHERE c.lane = g AND c.subject >= p_prefix || '/' COLLATE "C" AND c.subject < p_prefix || '0' COLLATE "C" LIMIT 1) x)
    UNION
    -- Each account is encoded once, and only those that can match.
    SELECT e.key FROM (
      SELECT rollgate.encode_part(n.account) AS key FROM (
        -- Denied since the newest hour that is rolled up.
        SELECT d.account FROM rollgate.limit_event_row d WHERE d.first_at >= v_rolled_to
        UNION
        SELECT o.account FROM rollgate.override o
        UNION
        SELECT a.account FROM rollgate.plan_assignment a
        UNION
        SELECT r.account FROM rollgate.limit_request r
      ) n
      WHERE starts_with(n.account, v_decoded)
      OFFSET 0
    ) e
  )
  SELECT k.key, rollgate.decode_part(k.key) FROM known k
  -- The encoded * is where events combine all accounts.
  WHERE starts_with(k.key, p_prefix) AND k.key NOT IN ('', '%2A')
    AND (p_after = '' OR k.key <> p_prefix AND k.key || '/' > p_after || '/' COLLATE "C") AND NOT rollgate.is_internal(k.key)
  ORDER BY k.key <> p_prefix, k.key || '/' COLLATE "C"
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.find_accounts IS 'Accounts whose key starts with p_prefix, one page after p_after';

-- Returns one subject for each account and API that has this value in one of its last dimensions: three of a live subject, two of one
-- that was denied.
-- In plpgsql with a plan for each call, which knows the time, and opens only the events of those days.
CREATE OR REPLACE FUNCTION rollgate.find_subjects(p_value text, p_limit int) RETURNS TABLE (account text, api text, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_since timestamptz := statement_timestamp() - interval '7 days';
  v_value text := rollgate.encode_part(p_value);
BEGIN
  RETURN QUERY
  SELECT DISTINCT ON (f.account, f.api) f.account, f.api, f.subject FROM (
    (SELECT rollgate.decode_part(split_part(c.subject, '/', 1)) AS account, rollgate.api_of_scope(split_part(c.subject, '/', 2)) AS api,
            c.subject
     FROM rollgate.counter c
     WHERE rollgate.value_hashes(c.subject) @> ARRAY[hashtext(v_value) & 65535]
       AND strpos(c.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, k.api, e.subject FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
     WHERE rollgate.value_hash(e.subject, -1) = hashtext(v_value) AND e.first_at > v_since
       AND strpos(e.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, k.api, e.subject FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
     WHERE strpos(e.subject, ',') > 0 AND rollgate.value_hash(e.subject, -2) = hashtext(v_value) AND e.first_at > v_since
       AND strpos(e.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
  ) f
  WHERE NOT rollgate.is_internal(f.account)
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.find_subjects IS 'Subjects with this value in a dimension, live or denied in the last 7 days';

-- Returns the first second (0-59) of a minute that has units in a window, for a window that begins after second `before` of that minute.
-- Valid only where no reset has cleared units of that minute. A refund may have left a second without units. Inlined.
CREATE OR REPLACE FUNCTION rollgate.first_counted(
  secs   smallint[],
  sums   int[],
  before smallint
) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(rollgate.units_until(secs, sums, before), sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.first_counted IS 'First second of a minute that has units in a window beginning in that minute; inlined';

-- Whether rollgate.acquire may grant all units from the head row alone: it is of the current minute, its newest second is not ahead of the
-- clock, no reset has cleared units of these windows, and both windows have room. Inlined.
CREATE OR REPLACE FUNCTION rollgate.fits_at_once(
  head       rollgate.counter,
  units      bigint,
  per_minute int,
  per_hour   int,
  minute     int,       -- the current minute …
  sec        smallint,  -- … the current second of it …
  before     smallint   -- … and the second before
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.minute = minute AND head.secs[cardinality(head.secs)] <= sec AND head.cleared <= head.hour_start
    AND units <= rollgate.free_units(
      head.total, rollgate.minute_base(head, before), per_minute, rollgate.hour_base(head, before), per_hour)
$$;

COMMENT ON FUNCTION rollgate.fits_at_once IS 'Whether units can be granted from a head row alone; inlined';

-- Waits until what was committed before is as safe as the session's synchronous_commit promises: on this server's disk, and on that of a
-- synchronous standby. It writes a message to the WAL and commits, as a transaction that changed a row would. The commit waits until the
-- WAL up to there is flushed, and everything committed earlier comes before it in the WAL. Inlined.
CREATE OR REPLACE FUNCTION rollgate.flush(
  p_if_granted boolean DEFAULT false  -- true: only if the last batch of this session granted a call without waiting for the disk
) RETURNS pg_lsn
LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN NOT p_if_granted OR current_setting('rollgate.granted', true) = 'yes'
    THEN pg_logical_emit_message(true, 'rollgate', ''::text) END
$$;

COMMENT ON FUNCTION rollgate.flush IS
  'Waits, at its commit, until everything committed before is safe; with true only if this session''s last batch granted a call; inlined';

-- The rule of the limiter: returns how many more units both windows allow. A call is granted if its units are at most this. A window
-- allows units up to number base + limit (rollgate.window_base). Inlined.
CREATE OR REPLACE FUNCTION rollgate.free_units(
  p_total       bigint,
  p_minute_base bigint,  -- as rollgate.window_base returns it
  p_per_minute  int,
  p_hour_base   bigint,
  p_per_hour    int
) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT least(p_minute_base + p_per_minute, p_hour_base + p_per_hour) - p_total
$$;

COMMENT ON FUNCTION rollgate.free_units IS 'Units that a subject may still use under both limits; negative: a limit was lowered; inlined';

-- Returns the subjects freed by transactions that committed since the caller's last poll. The caller keeps a snapshot, not the last
-- ID: a transaction with a lower ID may commit later, and the snapshot still treats it as unseen.
--
-- complete is false when the list may be missing subjects: there was no earlier poll, the server was restarted or replaced, or rows
-- were removed that the caller had not read. The caller then drops every denial it remembers.
CREATE OR REPLACE FUNCTION rollgate.freed_since(p_life text, p_seen pg_snapshot)
RETURNS TABLE (life text, seen pg_snapshot, complete boolean, subjects text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.life, n.seen, c.complete,
         CASE WHEN c.complete THEN ARRAY(
           SELECT f.subject FROM rollgate.freed f
           -- Rows of a restored dump have transaction IDs of another server, which may be ahead of this server's.
           WHERE f.xact >= pg_snapshot_xmin(p_seen) AND f.xact < pg_snapshot_xmax(n.seen) AND NOT pg_visible_in_snapshot(f.xact, p_seen)
         ) ELSE '{}' END
  FROM (SELECT rollgate.server_life() AS life, pg_current_snapshot() AS seen) n
  CROSS JOIN LATERAL (
    SELECT coalesce(p_life = n.life, false) AND p_seen IS NOT NULL AND NOT EXISTS (
      SELECT FROM rollgate.freed_removed r WHERE r.xact >= pg_snapshot_xmin(p_seen) AND r.xact < pg_snapshot_xmax(n.seen)
    ) AS complete
  ) c
$$;

COMMENT ON FUNCTION rollgate.freed_since IS
  'Subjects freed by transactions that committed since a snapshot, and whether the list is complete';

-- Returns the place in `secs` and `sums` at which a grant is written in the second after `before`: the place of that second, or a new one
-- at the end. Valid only where no later second has units. Inlined.
CREATE OR REPLACE FUNCTION rollgate.grant_place(secs smallint[], before smallint) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT width_bucket(before, secs) + 1
$$;

COMMENT ON FUNCTION rollgate.grant_place IS 'Where in the arrays of a head row a grant of the current minute is written; inlined';

-- The heads of one account, from the index. A function of its own, because the planner estimates a range of unknown keys as a two-hundredth
-- of the table, and then reads all of it.
CREATE OR REPLACE FUNCTION rollgate.heads_of(p_key text) RETURNS SETOF rollgate.counter
LANGUAGE sql STABLE ROWS 100 SET enable_seqscan = off AS $$
  SELECT h.* FROM rollgate.counter h
  -- '0' follows '/' in the order of keys.
  WHERE h.lane = ANY (rollgate.lanes_of(NULL)) AND h.subject >= p_key || '/' COLLATE "C" AND h.subject < p_key || '0' COLLATE "C"
$$;

COMMENT ON FUNCTION rollgate.heads_of IS 'The heads of the subjects of one account, by its encoded name';

-- The row is hashed as JSON, so that different rows never produce the same text. Times are in microseconds, so that the session's
-- time zone has no effect. A row that belongs to no batch is hashed as before batches existed.
CREATE OR REPLACE FUNCTION rollgate.history_hash(h rollgate.history) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to((jsonb_build_array(
    h.previous_hash, h.id, (extract(epoch FROM h.at) * 1000000)::bigint, h.kind, h.action, h.target, h.account, h.actor, h.role,
    h.address, h.request_id, h.before, h.after, h.reason, h.ticket, h.undoes)
    || CASE WHEN h.batch IS NULL THEN '[]' ELSE jsonb_build_array(h.batch) END)::text, 'UTF8')), 'hex')
$$;

COMMENT ON FUNCTION rollgate.history_hash IS 'SHA-256 in hex of a history row and the hash of the previous row';

-- Returns the base of the hour window (rollgate.window_base) of a head that rollgate.fits_at_once accepts. The window begins
-- in the minute an hour ago, after second `before`, and no reset has cleared units of it. Inlined.
CREATE OR REPLACE FUNCTION rollgate.hour_base(head rollgate.counter, before smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.hour_start + rollgate.units_until(head.hour_secs, head.hour_sums, before)
$$;

COMMENT ON FUNCTION rollgate.hour_base IS 'Number of the newest unit that the hour window of a head row no longer counts; inlined';

-- Whether every decision that was under way when the hour was sealed has ended. If so, its units may be added up.
CREATE OR REPLACE FUNCTION rollgate.hour_is_sealed(v rollgate.roll_up) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_left text[] := ARRAY(
    SELECT h FROM unnest(rollgate.lane_holders()) h WHERE v.blockers IS NULL OR h = ANY (v.blockers));
BEGIN
  UPDATE rollgate.roll_up r SET blockers = v_left;
  IF v_left <> '{}' THEN
    RETURN false;
  END IF;
  UPDATE rollgate.roll_up r
  SET stage = CASE WHEN v.hour >= v.units_from THEN 'units' ELSE 'denials' END, lane = 0, subject = '', minute = v.hour;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.hour_is_sealed IS
  'Whether the decisions that were under way when the hour was sealed have ended; begins the next stage if so';

CREATE OR REPLACE FUNCTION rollgate.hour_number(p_at timestamptz) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT floor(extract(epoch FROM p_at) / 3600)::int
$$;

COMMENT ON FUNCTION rollgate.hour_number IS 'Unix hour of a time; inlined';

-- Returns the second in which the oldest used unit leaves the hour window, for a head that rollgate.fits_at_once has accepted, after the
-- grant. Inlined.
CREATE OR REPLACE FUNCTION rollgate.hour_reset(
  p_head   rollgate.counter,
  p_out    int,      -- the second in which units of second 0 of the head's minute leave the window
  p_before smallint  -- the second of that minute before the current one (-1 to 58)
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(
    -- The oldest used unit is of the minute an hour ago …
    p_out - 3600 + rollgate.first_counted(p_head.hour_secs, p_head.hour_sums, p_before),
    -- … or of a minute between …
    p_head.hour_next + rollgate.window_buckets('hour'),
    -- … or of this minute.
    p_out + rollgate.oldest_second(0, 0, p_head.secs, p_head.sums))
$$;

COMMENT ON FUNCTION rollgate.hour_reset IS 'Second in which the oldest used unit of a head row leaves the hour window; inlined';

-- One step of an import: creates assignments of plans, all in one batch. Each row is checked as if it were created by itself, after
-- the rows before it. A row that is refused is returned with its refusal and is not stored; the caller then rolls the transaction back.
-- Generic plans: planning the same statements for each row took more than half of the time.
CREATE OR REPLACE FUNCTION rollgate.import_assignments(
  p_batch text,   -- of this transaction's earlier steps; NULL: begins one
  p_specs jsonb,  -- a list; each as in rollgate.assign_plan
  p_by    rollgate.author
) RETURNS TABLE (
  n       int,     -- position in p_specs, from 1
  batch   text,
  changed rollgate.plan_assignment,  -- as stored, or as it would be; NULL: refused before that was known
  lowered jsonb,   -- the limits that it lowers: items of rollgate.lowering; NULL: none
  refusal text,    -- SQLSTATE; NULL: stored
  message text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_batch(p_batch);
  v_spec   jsonb;
  v_case   text;
  v_known  jsonb := '{}';  -- what rows of each case lower: most rows of a file differ only in the account
BEGIN
  batch := v_ledger.batch;
  FOR n, v_spec IN SELECT s.n, s.spec FROM jsonb_array_elements(p_specs) WITH ORDINALITY s (spec, n) LOOP
    changed := NULL;
    lowered := NULL;
    refusal := NULL;
    message := NULL;
    -- Nothing is written in this block, so it needs no transaction ID of its own.
    BEGIN
      changed := rollgate.new_assignment(v_spec, p_by, v_ledger);
      v_case := jsonb_build_array(rollgate.policy_of(changed.account, v_ledger.history_at), changed.plan, changed.starts_at,
        changed.ends_at)::text;
      IF v_known ? v_case THEN
        lowered := nullif(v_known -> v_case, 'null');
      ELSE
        lowered := rollgate.lowered_by_assignment(changed, v_ledger.history_at);
        v_known := v_known || jsonb_build_object(v_case, lowered);
      END IF;
      PERFORM rollgate.refuse_lowering(lowered, (v_spec ->> 'allow_lowering')::boolean);
    EXCEPTION WHEN SQLSTATE 'RG403' OR SQLSTATE 'RG404' OR SQLSTATE 'RG409' OR SQLSTATE 'RG422' THEN
      refusal := SQLSTATE;
      message := SQLERRM;
    END;
    IF refusal IS NULL THEN
      changed := rollgate.store_assignment(changed, lowered, p_by, v_ledger);
      -- Each has its own version: among equals the newest applies.
      v_ledger.policy_version := v_ledger.policy_version + 1;
    END IF;
    RETURN NEXT;
  END LOOP;
  PERFORM rollgate.close_batch(v_ledger.policy_version);
END $$;

COMMENT ON FUNCTION rollgate.import_assignments IS
  'One step of an import: creates assignments of plans in one batch; a row that is refused is returned with its refusal, and '
  'then the caller rolls the transaction back';

-- One step of an import: creates overrides, all in one batch. Each row is checked as if it were created by itself, after
-- the rows before it. A row that is refused is returned with its refusal and is not stored; the caller then rolls the transaction back.
-- Generic plans: planning the same statements for each row took more than half of the time.
CREATE OR REPLACE FUNCTION rollgate.import_overrides(
  p_batch text,   -- of this transaction's earlier steps; NULL: begins one
  p_specs jsonb,  -- a list; each as in rollgate.create_override
  p_by    rollgate.author
) RETURNS TABLE (
  n       int,     -- position in p_specs, from 1
  batch   text,
  changed rollgate.override,  -- as stored, or as it would be; NULL: refused before that was known
  lowered jsonb,   -- the limits that it lowers: items of rollgate.lowering; NULL: none
  refusal text,    -- SQLSTATE; NULL: stored
  message text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_batch(p_batch);
  v_spec   jsonb;
  v_case   text;
  v_known  jsonb := '{}';  -- what rows of each case lower: most rows of a file differ only in the account
BEGIN
  batch := v_ledger.batch;
  FOR n, v_spec IN SELECT s.n, s.spec FROM jsonb_array_elements(p_specs) WITH ORDINALITY s (spec, n) LOOP
    changed := NULL;
    lowered := NULL;
    refusal := NULL;
    message := NULL;
    -- Nothing is written in this block, so it needs no transaction ID of its own.
    BEGIN
      changed := rollgate.new_override(v_spec, p_by, v_ledger);
      v_case := jsonb_build_array(rollgate.policy_of(changed.account, v_ledger.history_at), changed.group_id, changed.api,
        changed.subject, changed.per_minute, changed.per_hour, changed.factor, changed.extra_minute, changed.extra_hour, changed.mode,
        changed.starts_at, changed.expires_at)::text;
      IF v_known ? v_case THEN
        lowered := nullif(v_known -> v_case, 'null');
      ELSE
        lowered := rollgate.lowered_by(changed, v_ledger.history_at);
        v_known := v_known || jsonb_build_object(v_case, lowered);
      END IF;
      PERFORM rollgate.refuse_lowering(lowered, (v_spec ->> 'allow_lowering')::boolean);
    EXCEPTION WHEN SQLSTATE 'RG403' OR SQLSTATE 'RG404' OR SQLSTATE 'RG409' OR SQLSTATE 'RG422' THEN
      refusal := SQLSTATE;
      message := SQLERRM;
    END;
    IF refusal IS NULL THEN
      changed := rollgate.store_override(changed, lowered, p_by);
      -- Each has its own version: among equals the newest applies.
      v_ledger.policy_version := v_ledger.policy_version + 1;
    END IF;
    RETURN NEXT;
  END LOOP;
  PERFORM rollgate.close_batch(v_ledger.policy_version);
END $$;

COMMENT ON FUNCTION rollgate.import_overrides IS
  'One step of an import: creates overrides in one batch; a row that is refused is returned with its refusal, and '
  'then the caller rolls the transaction back';

-- An override is in force from its start until just before its expiry, with nothing written at either time. `overrideState` in
-- libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two.
-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.in_force(
  p_starts_at  timestamptz,
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_starts_at <= p_at AND (p_expires_at IS NULL OR p_expires_at > p_at)
$$;

COMMENT ON FUNCTION rollgate.in_force IS 'Whether an override is in force at p_at; inlined';

CREATE OR REPLACE FUNCTION rollgate.is_catalogue_new(
  p_application  text,
  p_apis         jsonb,
  p_missing_only boolean
) RETURNS boolean
LANGUAGE sql STABLE AS $$
  WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis)
  )
  SELECT EXISTS (
    SELECT FROM given t
    LEFT JOIN rollgate.catalogue c USING (api)
    LEFT JOIN rollgate.catalogue_owner o ON o.api = t.api AND o.application = p_application
    WHERE c.api IS NULL
       OR NOT p_missing_only AND (o.api IS NULL OR c.retired_at IS NOT NULL
         OR rollgate.shipped_definition(c) IS DISTINCT FROM rollgate.shipped_definition(t))
  ) OR NOT p_missing_only AND EXISTS (
    SELECT FROM rollgate.catalogue_owner o WHERE o.application = p_application AND o.api NOT IN (SELECT t.api FROM given t)
  )
$$;

COMMENT ON FUNCTION rollgate.is_catalogue_new IS 'Whether registering this list of an application would change anything';

-- In plpgsql, which keeps its plan.
CREATE OR REPLACE FUNCTION rollgate.is_filling_noted(p_subject text, p_window text, p_minute timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM rollgate.limit_event_row o JOIN rollgate.event_class k ON k.id = o.class
    WHERE rollgate.value_hash(o.subject, -1) = rollgate.value_hash(p_subject, -1) AND o.first_at >= p_minute
      AND o.first_at < p_minute + interval '1 minute' AND o.subject = p_subject COLLATE "C" AND o.filled IS NOT NULL
      AND k.window_name = p_window);
END $$;

COMMENT ON FUNCTION rollgate.is_filling_noted IS 'Whether an event of this subject, window and minute records what filled the window';

CREATE OR REPLACE FUNCTION rollgate.is_internal(p_account text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_account = '_rollgate'
$$;

COMMENT ON FUNCTION rollgate.is_internal IS
  'Whether the account belongs to Rollgate itself; no override, limit request or list may name such an account';

-- Whether a grant leaves half of a limit or more used. The starts of the windows' first minutes make it an upper bound: it may be true
-- up to a minute too early, and is never false when half is used. Inlined.
CREATE OR REPLACE FUNCTION rollgate.is_near(
  total        bigint,  -- after the grant
  minute_start bigint,  -- total at the start of the minute in which the minute window begins
  per_minute   int,
  hour_start   bigint,  -- total at the start of the minute in which the hour window begins
  per_hour     int
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (total - minute_start) * 2 >= per_minute OR (total - hour_start) * 2 >= per_hour
$$;

COMMENT ON FUNCTION rollgate.is_near IS 'Whether half of a limit or more may be used, for rollgate.near_limit; inlined';

-- The content is what the database and the file had in common. Replacing it is no change of the policy, so the history has no row.
CREATE OR REPLACE FUNCTION rollgate.keep_policy_file(p_hash text, p_content jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.policy_file f WHERE f.kept_at < clock_timestamp() - interval '400 days';
  INSERT INTO rollgate.policy_file AS f (hash, content, kept_at) VALUES (p_hash, p_content, clock_timestamp())
  ON CONFLICT (hash) DO UPDATE SET content = excluded.content, kept_at = excluded.kept_at;
$$;

COMMENT ON FUNCTION rollgate.keep_policy_file IS
  'Remembers what a policy file and the database had in common, under the hash of the export that the file began as; removes those not '
  'used for 400 days';

CREATE OR REPLACE FUNCTION rollgate.lane_holders() RETURNS text[]
LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}') FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.classid = 7605 AND l.objsubid = 2 AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

COMMENT ON FUNCTION rollgate.lane_holders IS 'Transactions that hold a lane''s lock now';

-- Returns the lanes to search for a subject. Inlined.
CREATE OR REPLACE FUNCTION rollgate.lanes_of(p_lane int) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_lane IS NOT NULL THEN ARRAY[p_lane] ELSE
    '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,
      32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63}'::int[] END
$$;

COMMENT ON FUNCTION rollgate.lanes_of IS 'The given lane, or all lanes if it is unknown (NULL); inlined';

-- Returns the seconds after which no unit of a minute counts any more: the hour window and the minute itself. Minutes and idle heads
-- are kept at least this long. Inlined.
CREATE OR REPLACE FUNCTION rollgate.least_keep_seconds() RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.window_buckets('hour') + 60
$$;

COMMENT ON FUNCTION rollgate.least_keep_seconds IS 'Shortest time for which minutes are kept; inlined';

CREATE OR REPLACE FUNCTION rollgate.leave_instance(p_instance text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.instance WHERE id = p_instance
$$;

COMMENT ON FUNCTION rollgate.leave_instance IS 'An instance reports that it stops';

-- Like rollgate.limits_for, at any past moment, from the history.
CREATE OR REPLACE FUNCTION rollgate.limit_as_of(
  p_account text,
  p_api     text,
  p_subject text,              -- the subject's key
  p_at      timestamptz,
  p_plan    text DEFAULT NULL  -- the plan that the call brought
)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH api AS (
    SELECT h.api, h.group_id, h.per_minute, h.per_hour, h.shadow, h.version
    FROM rollgate.catalogue_history h
    WHERE h.api = p_api AND h.at <= p_at
    ORDER BY h.id DESC
    LIMIT 1
  ),
  -- Each assignment as it was.
  assigned AS (
    SELECT DISTINCT ON (h.target) h.after ->> 'plan' AS plan, (h.after ->> 'startsAt')::timestamptz AS starts_at,
           (h.after ->> 'endsAt')::timestamptz AS ends_at
    FROM rollgate.history h
    WHERE h.kind = 'assignment' AND h.account = p_account AND h.at <= p_at
    ORDER BY h.target, h.id DESC
  ),
  plan AS (
    SELECT h.target AS id, h.after -> 'limits' AS limits
    FROM rollgate.history h
    WHERE h.kind = 'plan' AND h.at <= p_at AND h.target = coalesce((
      SELECT a.plan FROM assigned a WHERE rollgate.in_force(a.starts_at, a.ends_at, p_at) ORDER BY a.starts_at DESC LIMIT 1), p_plan)
    ORDER BY h.id DESC
    LIMIT 1
  ),
  base AS (
    SELECT api.*, b.per_minute AS base_minute, b.per_hour AS base_hour,
      CASE WHEN b.of_plan THEN 'plan:' || plan.id ELSE 'default' END AS source
    FROM api
    LEFT JOIN plan ON true
    CROSS JOIN LATERAL rollgate.limits_under_rows(api.group_id, api.api, api.per_minute, api.per_hour, plan.limits) b
  ),
  -- Each override as it was. Overrides are numbered by their creation, which is their first row in the history.
  candidates AS (
    SELECT DISTINCT ON (h.override_id) h.*, min(h.id) OVER (PARTITION BY h.override_id) AS created
    FROM rollgate.override_history h
    WHERE h.account = p_account AND h.at <= p_at
    ORDER BY h.override_id, h.id DESC
  ),
  fitting AS (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created) AS rank
    FROM api
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject)
      AND rollgate.scope_covers(o.group_id, o.api, api.group_id, api.api)
      AND rollgate.in_force(o.starts_at, o.expires_at, p_at)
  )
  SELECT t.per_minute, t.per_hour,
         CASE WHEN (t.per_minute, t.per_hour) = (y.per_minute, y.per_hour) THEN y.source ELSE e.override_id END,
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank DESC LIMIT 1),
                  CASE WHEN y.shadow THEN 'shadow' ELSE 'enforced' END),
         y.version
  FROM (
    SELECT base.shadow, base.version, rollgate.limit_under(base.base_minute, o.per_minute, o.factor) AS per_minute,
           rollgate.limit_under(base.base_hour, o.per_hour, o.factor) AS per_hour, coalesce(o.override_id, base.source) AS source
    FROM base
    LEFT JOIN LATERAL (
      SELECT * FROM fitting f WHERE rollgate.sets_limit(f.per_minute, f.per_hour, f.factor) ORDER BY f.rank DESC LIMIT 1
    ) o ON true
    OFFSET 0
  ) y
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE rollgate.sets_extra(f.extra_minute, f.extra_hour) ORDER BY f.rank DESC LIMIT 1
  ) e ON true
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t
$$;

COMMENT ON FUNCTION rollgate.limit_as_of IS
  'Limits, their source and the mode that applied to a subject of an API at a past moment, and the version of the API''s defaults; '
  'no row: the API was not known yet';

-- Every rule that could set the limits of one subject of an API, in the order in which they are considered, and why each one applies or
-- not. The first row with the code `applies` sets the limits; a test compares it with rollgate.limits_for. Codes:
--   applies        it sets the limits
--   base           it is what the rule in `than` starts from: a factor multiplies it, extra units are added to it, and a window that
--                  the override leaves open keeps it
--   adds_nothing   its extra units change no limit: the limit is 0, or as high as a limit can be
--   less_specific  `than` has a narrower scope
--   older          `than` has the same scope, and is newer
--   only_mode      it sets no limit, and no extra units
--   other_subject  it is for another subject of the API
--   ended, not_started
--   assigned       the call brings this plan, but the account is assigned to the plan in `than`
--   no_row         the plan has no limit for the API
--   unknown_plan   the call brings a plan that does not exist
CREATE OR REPLACE FUNCTION rollgate.limit_candidates(
  p_account text,
  p_api     text,
  p_subject text,                       -- the subject's key; '': one without an override of its own
  p_at      timestamptz DEFAULT NULL,   -- NULL: now
  p_plan    text        DEFAULT NULL    -- the plan that the call brings
) RETURNS TABLE (
  place int, kind text, source text, group_id text, api text, subject text, set_minute int, set_hour int, factor numeric,
  extra_minute int, extra_hour int, mode text, starts_at timestamptz, ends_at timestamptz, per_minute int, per_hour int, code text,
  than text, sets_mode boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH asked AS (
    SELECT c.api, c.group_id, c.shadow, d.per_minute, d.per_hour, clock.at, rollgate.plan_in_force(p_account, clock.at) AS assigned,
           b.per_minute AS base_minute, b.per_hour AS base_hour
    FROM (SELECT coalesce(p_at, clock_timestamp()) AS at OFFSET 0) clock
    JOIN rollgate.catalogue c ON c.api = p_api
    CROSS JOIN LATERAL rollgate.default_limits(c) d
    CROSS JOIN LATERAL rollgate.base_limits(c.api, rollgate.plan_in_force(p_account, clock.at, p_plan)) b
  ),
  overrides AS MATERIALIZED (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank,
           rollgate.sets_extra(o.extra_minute, o.extra_hour) AS is_extra,
           CASE
             WHEN s.state = 'expired' THEN 'ended'
             WHEN s.state = 'upcoming' THEN 'not_started'
             WHEN o.subject <> p_subject THEN 'other_subject'
             WHEN NOT rollgate.sets_limit(o.per_minute, o.per_hour, o.factor)
               AND NOT rollgate.sets_extra(o.extra_minute, o.extra_hour) THEN 'only_mode' END AS why
    FROM asked
    JOIN rollgate.override o ON o.account = p_account AND rollgate.scope_covers(o.group_id, o.api, asked.group_id, asked.api)
    CROSS JOIN LATERAL (SELECT rollgate.override_state(o.starts_at, o.expires_at, asked.at) AS state) s
  ),
  limiting AS (SELECT o.* FROM overrides o WHERE o.why IS NULL AND NOT o.is_extra ORDER BY o.rank DESC LIMIT 1),
  -- What applies without extra units.
  plain AS MATERIALIZED (
    SELECT rollgate.limit_under(asked.base_minute, l.per_minute, l.factor) AS per_minute,
           rollgate.limit_under(asked.base_hour, l.per_hour, l.factor) AS per_hour
    FROM asked LEFT JOIN limiting l ON true
  ),
  adding AS (
    SELECT o.id, o.rank,
           (rollgate.with_extra(y.per_minute, o.extra_minute), rollgate.with_extra(y.per_hour, o.extra_hour)) <> (y.per_minute, y.per_hour)
             AS changes
    FROM overrides o CROSS JOIN plain y WHERE o.why IS NULL AND o.is_extra ORDER BY o.rank DESC LIMIT 1
  ),
  raising AS (SELECT a.id FROM adding a WHERE a.changes),
  switching AS (
    SELECT o.id FROM overrides o WHERE o.mode IS NOT NULL AND (o.why IS NULL OR o.why = 'only_mode') ORDER BY o.rank DESC LIMIT 1
  ),
  held AS (
    SELECT a.plan, a.starts_at, a.ends_at,
           CASE rollgate.override_state(a.starts_at, a.ends_at, asked.at) WHEN 'expired' THEN 'ended' WHEN 'upcoming' THEN 'not_started' END
             AS why
    FROM asked JOIN rollgate.plan_assignment a ON a.account = p_account
    UNION ALL
    SELECT p_plan, NULL, NULL,
           CASE
             WHEN asked.assigned IS NOT NULL THEN 'assigned'
             WHEN NOT EXISTS (SELECT FROM rollgate.plan p WHERE p.id = p_plan) THEN 'unknown_plan' END
    FROM asked WHERE p_plan IS NOT NULL
  ),
  plan_rows AS MATERIALIZED (
    SELECT h.plan, h.starts_at, h.ends_at, l.group_id, l.api, l.per_minute, l.per_hour, l.factor,
           rollgate.plan_limit_rank(l.group_id, l.api) AS rank, coalesce(h.why, CASE WHEN l.plan IS NULL THEN 'no_row' END) AS why
    FROM asked CROSS JOIN held h
    LEFT JOIN rollgate.plan_limit l ON l.plan = h.plan AND rollgate.scope_covers(l.group_id, l.api, asked.group_id, asked.api)
  ),
  planned AS (SELECT p.plan, p.rank FROM plan_rows p WHERE p.why IS NULL ORDER BY p.rank DESC LIMIT 1),
  candidates AS (
    SELECT 'override' AS kind, o.id AS source, o.group_id, o.api, o.subject, o.per_minute AS set_minute, o.per_hour AS set_hour, o.factor,
           o.extra_minute, o.extra_hour, o.mode, o.starts_at, o.expires_at AS ends_at,
           CASE WHEN o.is_extra THEN rollgate.with_extra(y.per_minute, o.extra_minute)
             ELSE rollgate.limit_under(asked.base_minute, o.per_minute, o.factor) END AS per_minute,
           CASE WHEN o.is_extra THEN rollgate.with_extra(y.per_hour, o.extra_hour)
             ELSE rollgate.limit_under(asked.base_hour, o.per_hour, o.factor) END AS per_hour,
           coalesce(o.why, CASE
             WHEN o.id = w.id AND o.is_extra AND NOT a.changes THEN 'adds_nothing'
             WHEN o.id = w.id AND NOT o.is_extra AND r.id IS NOT NULL THEN 'base'
             WHEN o.id = w.id THEN 'applies'
             WHEN o.rank[1] < w.rank[1] THEN 'less_specific'
             ELSE 'older' END) AS code,
           CASE WHEN o.why IS NOT NULL THEN NULL WHEN o.id <> w.id THEN w.id WHEN NOT o.is_extra THEN r.id END AS than,
           coalesce(o.id = m.id, false) AS sets_mode, ARRAY[2, o.rank[1]] AS step, o.rank[2] AS tie
    FROM asked CROSS JOIN overrides o CROSS JOIN plain y LEFT JOIN limiting l ON true LEFT JOIN adding a ON true LEFT JOIN raising r ON true
    LEFT JOIN switching m ON true
    -- The override that sets the limits, or the one whose extra units are added.
    CROSS JOIN LATERAL (
      SELECT CASE WHEN o.is_extra THEN a.id ELSE l.id END AS id, CASE WHEN o.is_extra THEN a.rank ELSE l.rank END AS rank
    ) w
    UNION ALL
    SELECT 'plan', 'plan:' || p.plan, p.group_id, p.api, NULL, p.per_minute, p.per_hour, p.factor, NULL, NULL, NULL, p.starts_at, p.ends_at,
           rollgate.limit_under(asked.per_minute, p.per_minute, p.factor), rollgate.limit_under(asked.per_hour, p.per_hour, p.factor),
           coalesce(p.why, CASE
             WHEN p.rank < w.rank THEN 'less_specific'
             WHEN coalesce(l.id, r.id) IS NOT NULL THEN 'base'
             ELSE 'applies' END),
           CASE WHEN p.why = 'assigned' THEN 'plan:' || asked.assigned WHEN p.why IS NOT NULL THEN NULL
             WHEN p.rank < w.rank THEN 'plan:' || w.plan ELSE coalesce(l.id, r.id) END,
           false, ARRAY[1, CASE WHEN p.why IS NULL THEN p.rank + 1 ELSE 0 END], extract(epoch FROM p.starts_at)::bigint
    FROM asked CROSS JOIN plan_rows p LEFT JOIN planned w ON true LEFT JOIN limiting l ON true LEFT JOIN raising r ON true
    UNION ALL
    SELECT 'default', 'default', NULL, asked.api, NULL, asked.per_minute, asked.per_hour, NULL, NULL, NULL,
           CASE WHEN asked.shadow THEN 'shadow' ELSE 'enforced' END, NULL, NULL, asked.per_minute, asked.per_hour,
           CASE WHEN coalesce(w.plan, l.id, r.id) IS NOT NULL THEN 'base' ELSE 'applies' END,
           coalesce('plan:' || w.plan, l.id, r.id), m.id IS NULL, ARRAY[0, 0], 0
    FROM asked LEFT JOIN planned w ON true LEFT JOIN limiting l ON true LEFT JOIN raising r ON true LEFT JOIN switching m ON true
  )
  SELECT row_number() OVER (ORDER BY c.step DESC, c.tie DESC NULLS LAST, c.source)::int, c.kind, c.source, c.group_id, c.api, c.subject,
         c.set_minute, c.set_hour, c.factor, c.extra_minute, c.extra_hour, c.mode, c.starts_at, c.ends_at, c.per_minute,
         c.per_hour, c.code, c.than, c.sets_mode
  FROM candidates c
  ORDER BY 1
$$;

COMMENT ON FUNCTION rollgate.limit_candidates IS
  'Every override, limit of a plan and default that could set the limits of a subject of an API, in ranking order, with the limits that '
  'each would give, and a code for why it applies or not';

-- Returns the limit of one of the two windows. Inlined.
CREATE OR REPLACE FUNCTION rollgate.limit_of_window(
  p_window     text,  -- minute or hour; NULL (a grant): minute
  p_per_minute int,
  p_per_hour   int
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window WHEN 'hour' THEN p_per_hour ELSE p_per_minute END
$$;

COMMENT ON FUNCTION rollgate.limit_of_window IS 'The limit of one window; inlined';

-- The rule for one window. `limitsUnder` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.limit_under(
  p_default int,
  p_limit   int,     -- of the override; NULL: it sets none
  p_factor  numeric  -- of the override; NULL: it sets none
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_factor IS NULL THEN coalesce(p_limit, p_default) ELSE least(ceil(p_default * p_factor), 1000000000)::int END
$$;

COMMENT ON FUNCTION rollgate.limit_under IS
  'One window''s limit under an override: its own limit, or the API''s default times its factor, rounded up to a whole unit; without '
  'either, the default; inlined';

-- Returns the effective limits of one subject. Every instance applies the same rule (libs/limiter/src/policy); a test compares the
-- two. p_instead: as in rollgate.limits_under_plan.
CREATE OR REPLACE FUNCTION rollgate.limits_for(
  p_account text,
  p_api     text,
  p_subject text,                            -- the subject's key
  p_at      timestamptz       DEFAULT NULL,  -- NULL: now
  p_instead rollgate.override DEFAULT NULL,
  p_plan    text              DEFAULT NULL   -- the plan that the call brings
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text)
LANGUAGE sql STABLE AS $$
  SELECT l.per_minute, l.per_hour, l.source, l.mode
  FROM (SELECT coalesce(p_at, clock_timestamp()) AS at OFFSET 0) clock
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_account, p_api, p_subject, rollgate.plan_in_force(p_account, clock.at, p_plan),
    clock.at, p_instead) l
$$;

COMMENT ON FUNCTION rollgate.limits_for IS
  'Effective limits, their source and the mode of one subject of an API, now or at another time under the overrides and plans stored '
  'now; p_instead: as if this override were stored';

-- Overrides are exceptions to the plan: an override's factor multiplies what applies without overrides, and a window that it leaves
-- empty keeps that. Extra units come on top: those of one override, the most specific and newest that sets any. p_instead answers "what
-- if": the given override replaces the stored one with its id, or is added to the stored ones.
CREATE OR REPLACE FUNCTION rollgate.limits_under_plan(
  p_account text,
  p_api     text,
  p_subject text,              -- the subject's key
  p_plan    text,              -- NULL: no plan
  p_at      timestamptz,
  p_instead rollgate.override  -- NULL: the stored ones
) RETURNS TABLE (
  per_minute int, per_hour int, source text, mode text, minute_without_extra int, hour_without_extra int, source_without_extra text
)
LANGUAGE sql STABLE AS $$
  WITH candidates AS (
    SELECT stored.* FROM rollgate.override stored WHERE stored.account = p_account AND stored.id IS DISTINCT FROM (p_instead).id
    UNION ALL
    SELECT (p_instead).* WHERE (p_instead).account = p_account
  ),
  fitting AS (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank
    FROM rollgate.catalogue c
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject)
      AND rollgate.scope_covers(o.group_id, o.api, c.group_id, c.api)
      AND rollgate.in_force(o.starts_at, o.expires_at, p_at)
    WHERE c.api = p_api
  )
  SELECT t.per_minute, t.per_hour, CASE WHEN (t.per_minute, t.per_hour) = (y.per_minute, y.per_hour) THEN y.source ELSE e.id END,
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank DESC LIMIT 1),
                  CASE WHEN y.shadow THEN 'shadow' ELSE 'enforced' END),
         y.per_minute, y.per_hour, y.source
  FROM (
    SELECT c.shadow, rollgate.limit_under(b.per_minute, o.per_minute, o.factor) AS per_minute,
           rollgate.limit_under(b.per_hour, o.per_hour, o.factor) AS per_hour, coalesce(o.id, b.source) AS source
    FROM rollgate.catalogue c
    CROSS JOIN LATERAL rollgate.base_limits(c.api, p_plan) b
    LEFT JOIN LATERAL (
      SELECT * FROM fitting f WHERE rollgate.sets_limit(f.per_minute, f.per_hour, f.factor) ORDER BY f.rank DESC LIMIT 1
    ) o ON true
    WHERE c.api = p_api
    OFFSET 0
  ) y
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE rollgate.sets_extra(f.extra_minute, f.extra_hour) ORDER BY f.rank DESC LIMIT 1
  ) e ON true
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t
$$;

COMMENT ON FUNCTION rollgate.limits_under_plan IS
  'Limits, their source and the mode of one subject of an API at a time, under the overrides stored now, if its account has this plan; '
  'also what applies without extra units';

-- Like rollgate.base_limits, for rows of a plan as in the history or in a proposed change.
CREATE OR REPLACE FUNCTION rollgate.limits_under_rows(
  p_group      text,
  p_api        text,
  p_per_minute int,   -- the API's default limits
  p_per_hour   int,
  p_rows       jsonb  -- [{group, api, perMinute, perHour, factor}]; NULL: no plan
) RETURNS TABLE (per_minute int, per_hour int, of_plan boolean)
LANGUAGE sql STABLE AS $$
  SELECT rollgate.limit_under(p_per_minute, l."perMinute", l.factor), rollgate.limit_under(p_per_hour, l."perHour", l.factor),
    l.found IS NOT NULL
  FROM (SELECT) one
  LEFT JOIN LATERAL (
    SELECT l.*, true AS found
    FROM jsonb_to_recordset(p_rows) AS l ("group" text, api text, "perMinute" int, "perHour" int, factor numeric)
    WHERE rollgate.scope_covers(l."group", l.api, p_group, p_api)
    ORDER BY rollgate.plan_limit_rank(l."group", l.api) DESC LIMIT 1
  ) l ON true
$$;

COMMENT ON FUNCTION rollgate.limits_under_rows IS
  'Limits of an API with these defaults under the most specific of the rows of a plan, else its defaults';

-- Returns one page of the subjects that start with p_prefix and were granted units within the hour window.
CREATE OR REPLACE FUNCTION rollgate.list_subjects(
  p_lane   int,
  p_prefix text,
  p_after  text,                     -- the last key of the page before; '': the first page
  p_limit  int,
  p_now    timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
  SELECT c.subject FROM rollgate.counter c
  WHERE c.lane = p_lane AND c.subject >= p_prefix AND c.subject > p_after AND starts_with(c.subject, p_prefix)
    -- An upper bound: no text that starts with the prefix sorts after it.
    AND c.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1)
    AND c.total > c.cleared
    AND c.minute * 60 + c.secs[cardinality(c.secs)]
      > floor(extract(epoch FROM coalesce(p_now, clock_timestamp()))) - rollgate.window_buckets('hour')
  ORDER BY c.subject
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.list_subjects IS 'Subjects of a key prefix with traffic in the last hour, in key order, one page';

-- Both windows of the subjects that have units. rollgate.peek adds up a subject's minutes; here usage is the difference of two totals. A
-- head of the current minute has all of it in one row, and an older one needs one lookup of its minutes. Everything that shows usage to
-- people reads this: rollgate.usage_at, rollgate.usage_of and rollgate.near_limit.
-- In plpgsql with a plan for each call, which leaves out the branches of `heads` that the arguments exclude.
CREATE OR REPLACE FUNCTION rollgate.live_usage(
  p_at       timestamptz,  -- NULL: now
  p_accounts text[],       -- NULL: all accounts
  p_marked   boolean,      -- also the subjects of other accounts that are marked as near a limit (rollgate.is_near)
  p_least    int           -- also those that may have used this percentage of the lowest limits of their API; NULL: not those
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_at     timestamptz := coalesce(p_at, clock_timestamp());
  v_second int := floor(extract(epoch FROM v_at));
  v_keys   text[] := ARRAY(SELECT rollgate.encode_part(a.account) FROM unnest(p_accounts) AS a (account));
BEGIN
  RETURN QUERY
  WITH scopes AS MATERIALIZED (SELECT * FROM rollgate.key_scopes),
  -- The lowest limits of each API under its default and the assigned plans.
  lowest AS MATERIALIZED (
    SELECT s.scope, least(s.per_minute, p.per_minute) AS per_minute, least(s.per_hour, p.per_hour) AS per_hour
    FROM scopes s
    CROSS JOIN LATERAL (
      SELECT min(b.per_minute) AS per_minute, min(b.per_hour) AS per_hour
      FROM (SELECT DISTINCT a.plan FROM rollgate.plan_assignment a) p CROSS JOIN LATERAL rollgate.base_limits(s.api, p.plan) b
    ) p
  ),
  heads AS (
    SELECT h.* FROM rollgate.counter h WHERE p_accounts IS NULL
    UNION ALL
    SELECT h.* FROM unnest(v_keys) AS k (key) CROSS JOIN LATERAL rollgate.heads_of(k.key) h
    UNION ALL
    SELECT h.* FROM rollgate.counter h
    WHERE p_marked AND h.near_hour >= v_second / 3600 - 1 AND split_part(h.subject, '/', 1) <> ALL (v_keys)
    UNION ALL
    SELECT h.* FROM lowest s JOIN rollgate.counter h ON split_part(h.subject, '/', 2) = s.scope
    WHERE p_least IS NOT NULL AND split_part(h.subject, '/', 1) <> ALL (v_keys)
      -- The totals in a head row are an upper bound of its windows, so nearly all heads are skipped without reading their minutes.
      AND ((h.total - greatest(h.cleared, h.hour_start)) * 100 >= s.per_hour::bigint * p_least
        OR (h.total - greatest(h.cleared, h.prev_start)) * 100 >= s.per_minute::bigint * p_least)
  ),
  live AS (
    SELECT head.*, own.second, own.second / 60 AS now_minute, (own.second % 60 - 1)::smallint AS before,
           head.total - head.sums[cardinality(head.sums)] AS start, head.minute * 60 + head.secs[cardinality(head.secs)] AS newest
    FROM heads head
    LEFT JOIN rollgate.lane ON lane.lane = head.lane
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (
      SELECT greatest(v_second, lane.swept_to, head.minute * 60 + head.secs[cardinality(head.secs)])::int AS second
    ) own
    WHERE head.minute >= v_second / 60 - 60 AND head.total > head.cleared
  ),
  -- The bases of a head of this minute are those of rollgate.acquire, and those of an older one are those of rollgate.acquire_cold.
  used AS (
    SELECT live.subject, live.newest,
           live.total - CASE
             WHEN live.minute = now_minute THEN rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, before)
             WHEN live.minute = now_minute - 1 THEN rollgate.window_base(cleared, live.start, live.secs, live.sums, before)
             ELSE total END AS minute_used,
           live.total - CASE
             WHEN live.minute = now_minute THEN rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, before)
             WHEN live.minute = now_minute - 60 THEN rollgate.window_base(cleared, live.start, live.secs, live.sums, before)
             WHEN live.minute < now_minute - 60 THEN total
             WHEN first_archived.minute = now_minute - 60
               THEN rollgate.window_base(cleared, first_archived.start, first_archived.secs, first_archived.sums, before)
             ELSE greatest(cleared, coalesce(first_archived.start, live.start)) END AS hour_used
    FROM live
    -- The first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
      WHERE live.minute < now_minute AND live.minute > now_minute - 60
        AND b.lane = live.lane AND b.subject = live.subject AND b.minute >= now_minute - 60
      ORDER BY b.minute LIMIT 1
    ) first_archived ON true
  ),
  named AS (
    SELECT u.*, rollgate.decode_part(split_part(u.subject, '/', 1)) AS account, split_part(u.subject, '/', 2) AS scope
    FROM used u WHERE u.hour_used > 0
  ),
  on_plan AS (
    SELECT DISTINCT ON (a.account) a.account, a.plan
    FROM (SELECT DISTINCT n.account FROM named n) n
    JOIN rollgate.plan_assignment a ON a.account = n.account AND rollgate.in_force(a.starts_at, a.ends_at, v_at)
    ORDER BY a.account, a.starts_at DESC
  ),
  planned AS (
    SELECT p.plan, s.scope, b.* FROM (SELECT DISTINCT plan FROM on_plan) p CROSS JOIN scopes s
    CROSS JOIN LATERAL rollgate.base_limits(s.api, p.plan) b
  ),
  -- Like rollgate.limits_for, for all subjects at once: one call per subject took 84 s for 100,000.
  fitting AS (
    SELECT n.subject, o.id, o.per_minute, o.per_hour, o.factor, o.extra_minute, o.extra_hour, o.mode,
           rollgate.sets_extra(o.extra_minute, o.extra_hour) AS sets_extra,
           rollgate.sets_limit(o.per_minute, o.per_hour, o.factor) AS sets_limit,
           rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank
    FROM named n
    JOIN rollgate.override o ON o.account = n.account AND rollgate.in_force(o.starts_at, o.expires_at, v_at)
      AND (o.subject IS NULL OR o.subject = n.subject)
    JOIN scopes s ON s.scope = n.scope AND rollgate.scope_covers(o.group_id, o.api, s.group_id, s.api)
  ),
  limiting AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.sets_limit ORDER BY f.subject, f.rank DESC
  ),
  adding AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.sets_extra ORDER BY f.subject, f.rank DESC
  ),
  switching AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.subject, f.rank DESC
  ),
  yielded AS (
    SELECT n.*, s.mode, rollgate.limit_under(coalesce(b.per_minute, s.per_minute), l.per_minute, l.factor) AS per_minute,
           rollgate.limit_under(coalesce(b.per_hour, s.per_hour), l.per_hour, l.factor) AS per_hour,
           CASE WHEN s.scope IS NOT NULL THEN coalesce(l.id, b.source, 'default') END AS source
    FROM named n
    LEFT JOIN scopes s ON s.scope = n.scope
    LEFT JOIN on_plan p ON p.account = n.account
    LEFT JOIN planned b ON b.plan = p.plan AND b.scope = n.scope
    LEFT JOIN limiting l ON l.subject = n.subject
    OFFSET 0
  )
  SELECT y.account, y.scope, y.subject, y.minute_used, t.per_minute, y.hour_used, t.per_hour,
         CASE WHEN (t.per_minute, t.per_hour) <> (y.per_minute, y.per_hour) THEN e.id ELSE y.source END,
         coalesce(m.mode, y.mode), to_timestamp(y.newest)
  FROM yielded y
  LEFT JOIN adding e ON e.subject = y.subject
  LEFT JOIN switching m ON m.subject = y.subject
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t;
END $$;

COMMENT ON FUNCTION rollgate.live_usage IS
  'Both windows and the effective limits of subjects that have units, at p_at or at a subject''s newest grant, whichever is later';

-- Keeps every other change waiting until the transaction ends, without being a change itself.
CREATE OR REPLACE FUNCTION rollgate.lock_policy() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT greatest(clock_timestamp(), l.history_at) FROM (SELECT history_at FROM rollgate.ledger FOR UPDATE) l
$$;

COMMENT ON FUNCTION rollgate.lock_policy IS 'Takes the ledger''s lock for the transaction, and returns the time of the changes that follow';

-- Covers the time while the override is in force. That limits may fall again at its end needs no confirmation by its author. Each API
-- and window is listed once, at the first moment.
CREATE OR REPLACE FUNCTION rollgate.lowered_by(p_new rollgate.override, p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(f.item ORDER BY f.ord, f.item ->> 'window' DESC)
  FROM (
    SELECT DISTINCT ON (e.api, l.item ->> 'window') l.item, c.ord
    FROM rollgate.override_effects(p_new, p_now) e
    JOIN rollgate.catalogue c ON c.api = e.api
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after, nullif(e.at, p_now)) l (item)
    WHERE rollgate.unexpired(p_new.expires_at, e.at)
    ORDER BY e.api, l.item ->> 'window', e.at
  ) f
$$;

COMMENT ON FUNCTION rollgate.lowered_by IS
  'Limits that fall below their present or scheduled values while this override is in force: items of rollgate.lowering; NULL: none';

-- Unlike that of an override, the end of an assignment counts: a trial of a plan ends the plan that the account had before.
CREATE OR REPLACE FUNCTION rollgate.lowered_by_assignment(
  p_new     rollgate.plan_assignment,
  p_now     timestamptz,
  p_without text DEFAULT NULL  -- as in rollgate.assignment_effects
) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(f.item ORDER BY f.ord, f.item ->> 'window' DESC)
  FROM (
    SELECT DISTINCT ON (e.api, l.item ->> 'window') l.item, e.ord
    FROM rollgate.assignment_effects(p_new, p_now, p_without) e
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after, nullif(e.at, p_now)) l (item)
    ORDER BY e.api, l.item ->> 'window', e.at
  ) f
$$;

COMMENT ON FUNCTION rollgate.lowered_by_assignment IS
  'Limits of an account that fall below their present or scheduled values through an assignment: items of rollgate.lowering; NULL: none';

CREATE OR REPLACE FUNCTION rollgate.lowered_by_end(p_override rollgate.override, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_ended rollgate.override := p_override;
BEGIN
  v_ended.expires_at := p_now;
  RETURN (
    SELECT jsonb_agg(l.item ORDER BY c.ord, l.item ->> 'window' DESC)
    FROM rollgate.override_effects(v_ended, p_now) e
    JOIN rollgate.catalogue c ON c.api = e.api
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after) l (item)
    WHERE e.at = p_now
  );
END $$;

COMMENT ON FUNCTION rollgate.lowered_by_end IS 'Limits that fall when this override ends at p_now: items of rollgate.lowering; NULL: none';

CREATE OR REPLACE FUNCTION rollgate.lowered_by_plan(
  p_before   jsonb,  -- as in rollgate.plan_effects
  p_after    jsonb,
  p_accounts int
) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(l.item || jsonb_build_object('accounts', p_accounts, 'text',
           format('%s, for the accounts on the plan (%s assigned)', l.item ->> 'text', p_accounts))
             ORDER BY e.ord, l.item ->> 'window' DESC)
  FROM rollgate.plan_effects(p_before, p_after) e
  CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after) l (item)
$$;

COMMENT ON FUNCTION rollgate.lowered_by_plan IS
  'Limits that fall when a plan changes: items of rollgate.lowering with the number of accounts assigned to the plan; NULL: none';

CREATE OR REPLACE FUNCTION rollgate.lowered_defaults(p_old rollgate.catalogue, p_new rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(l.item)
  FROM rollgate.default_limits(p_old) o CROSS JOIN rollgate.default_limits(p_new) n
  CROSS JOIN LATERAL rollgate.lowering(p_new.api, o.per_minute, n.per_minute, o.per_hour, n.per_hour) l (item)
$$;

COMMENT ON FUNCTION rollgate.lowered_defaults IS
  'Limits that fall when an API''s default limits change: items of rollgate.lowering; NULL: none';

CREATE OR REPLACE FUNCTION rollgate.lowered_facts(p_lowered jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_lowered IS NULL THEN '{}' ELSE jsonb_build_object('lowered', p_lowered) END
$$;

COMMENT ON FUNCTION rollgate.lowered_facts IS 'For the history: limits that a change lowered, with its author''s confirmation; {}: none';

-- What a person has to confirm about one API's change of limits: 0 to 2 items, at most one per window.
CREATE OR REPLACE FUNCTION rollgate.lowering(
  p_api           text,
  p_minute_before int,
  p_minute_after  int,
  p_hour_before   int,
  p_hour_after    int,
  p_at            timestamptz DEFAULT NULL  -- when the change takes effect; NULL: at once
) RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', p_api, 'window', w.name, 'from', w.before, 'to', w.after, 'why', y.why,
    'at', to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'text', concat(p_api,
      CASE y.why
        WHEN 'blocked' THEN format(' is blocked: from %s to 0 in any %s', n.before, w.length)
        WHEN 'lower' THEN format(' falls from %s to %s in any %s', n.before, n.after, w.length)
        ELSE format(' gets %s in any hour, less than its %s in any 60 s', n.after, to_char(p_minute_after, 'FM999,999,999,999')) END,
      ', from ' || rollgate.utc(p_at) || ' on'))
  FROM (VALUES ('minute', '60 s', p_minute_before, p_minute_after), ('hour', 'hour', p_hour_before, p_hour_after))
    w (name, length, before, after)
  CROSS JOIN LATERAL (SELECT to_char(w.before, 'FM999,999,999,990') AS before, to_char(w.after, 'FM999,999,999,990') AS after) n
  CROSS JOIN LATERAL (SELECT CASE
    WHEN w.after < w.before AND w.after = 0 THEN 'blocked'
    WHEN w.after < w.before THEN 'lower'
    WHEN w.name = 'hour' AND p_hour_after < p_minute_after
      AND (p_minute_before, p_hour_before) IS DISTINCT FROM (p_minute_after, p_hour_after) THEN 'hourBelowMinute' END AS why) y
  WHERE y.why IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.lowering IS
  'Limits that fall when an API''s limits change, including a limit of 0 and an hour limit below the minute limit: {api, window, '
  'from, to, why, at, text}';

-- One step of maintaining the event partitions, in a transaction of its own, so that no lock is held for longer than one step. It
-- creates the first missing day among today and the next p_ahead days; if none is missing, it drops the oldest day past
-- p_keep_days; if there is none, it removes old rows of rollgate.freeing. Dropping a partition needs an exclusive lock on the table
-- for a moment, and other sessions queue behind that request. The step therefore gives up after lock_timeout; call it again later.
CREATE OR REPLACE FUNCTION rollgate.maintain_events(
  p_keep_days int, p_ahead int, p_now timestamptz DEFAULT NULL,
  OUT did     text,     -- e.g. 'made limit_event_20260101', 'dropped …', 'removed …'; NULL: nothing to do
  OUT held_up boolean   -- another instance is doing it, or a session is using the table: try again later
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  v_now  timestamptz := coalesce(p_now, clock_timestamp());
  v_day  date := (v_now AT TIME ZONE 'UTC')::date;
  v_name text;
  v_rows int;
BEGIN
  IF p_keep_days < 1 OR p_ahead < 1 THEN
    RAISE EXCEPTION 'rollgate.maintain_events: p_keep_days and p_ahead must be at least 1' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  held_up := NOT pg_try_advisory_xact_lock(7607, 0);
  IF held_up THEN
    RETURN;
  END IF;
  FOR i IN 0 .. p_ahead LOOP
    IF rollgate.make_event_day(v_day + i) THEN
      did := 'made limit_event_' || to_char(v_day + i, 'YYYYMMDD');
      RETURN;
    END IF;
  END LOOP;
  SELECT c.relname INTO v_name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'rollgate.limit_event_row'::regclass AND c.relname ~ '^limit_event_\d{8}$'
    AND to_date(right(c.relname, 8), 'YYYYMMDD') < v_day - p_keep_days
  ORDER BY c.relname
  LIMIT 1;
  IF v_name IS NOT NULL THEN
    -- Lock the parent first, as readers do. Do not wait for the partition while the parent is locked.
    LOCK TABLE ONLY rollgate.limit_event_row IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE rollgate.%I IN ACCESS EXCLUSIVE MODE NOWAIT', v_name);
    EXECUTE format('DROP TABLE rollgate.%I', v_name);
    did := 'dropped ' || v_name;
    RETURN;
  END IF;
  DELETE FROM rollgate.freeing f WHERE f.ctid = ANY (ARRAY(
    SELECT o.ctid FROM rollgate.freeing o
    WHERE o.at < v_now - greatest(interval '2 days', (SELECT max(keep_seconds) * interval '1 second' FROM rollgate.retention))
    LIMIT 1000));
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  IF v_rows > 0 THEN
    did := format('removed %s old rows of freeing', v_rows);
  END IF;
EXCEPTION
  WHEN lock_not_available THEN
    did := NULL;
    held_up := true;
END $$;

COMMENT ON FUNCTION rollgate.maintain_events IS
  'One step of creating event partitions ahead of time and dropping those past retention; call it until it reports nothing done';

-- Creates the partition of one day (UTC) if it is missing. It is created as a separate table and then attached, which takes no lock
-- that a reader or writer of the table would wait for (SHARE UPDATE EXCLUSIVE). It is empty, so attaching scans nothing.
-- The second check reads pg_class instead of calling to_regclass: waiting for an advisory lock does not refresh the catalog cache,
-- and with to_regclass the second of two instances failed with 42P07.
CREATE OR REPLACE FUNCTION rollgate.make_event_day(p_day date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_name text := 'limit_event_' || to_char(p_day, 'YYYYMMDD');
BEGIN
  IF to_regclass('rollgate.' || v_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7607, 0);
  IF EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = v_name AND c.relnamespace = 'rollgate'::regnamespace) THEN
    RETURN false; -- another instance was faster
  END IF;
  EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.limit_event_row INCLUDING ALL EXCLUDING COMMENTS)', v_name);
  EXECUTE format('ALTER TABLE rollgate.limit_event_row ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
    v_name, p_day || ' 00:00:00+00', (p_day + 1) || ' 00:00:00+00');
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.make_event_day IS 'Creates the partition of a day if it is missing; returns whether it did';

-- Creates the partitions of the month (UTC) of p_at, in the same way as rollgate.make_event_day. Only rollgate.roll_up_step calls it,
-- and one session at a time.
CREATE OR REPLACE FUNCTION rollgate.make_usage_month(p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_month date := date_trunc('month', p_at AT TIME ZONE 'UTC');
  v_table text;
  v_name  text;
  v_made  boolean := false;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['usage_hour', 'denial_hour'] LOOP
    v_name := v_table || '_' || to_char(v_month, 'YYYYMM');
    CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = v_name AND c.relnamespace = 'rollgate'::regnamespace);
    EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.%I INCLUDING ALL EXCLUDING COMMENTS)', v_name, v_table);
    EXECUTE format('ALTER TABLE rollgate.%I ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
      v_table, v_name, v_month || ' 00:00:00+00', (v_month + interval '1 month')::date || ' 00:00:00+00');
    v_made := true;
  END LOOP;
  RETURN v_made;
END $$;

COMMENT ON FUNCTION rollgate.make_usage_month IS 'Creates the partitions of a month if they are missing; returns whether it did';

-- Returns the base of the minute window (rollgate.window_base) of a head that rollgate.fits_at_once accepts. The window begins
-- in the minute before, after second `before`, and no reset has cleared units of it. Inlined.
CREATE OR REPLACE FUNCTION rollgate.minute_base(head rollgate.counter, before smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.prev_start + rollgate.units_until(head.prev_secs, head.prev_sums, before)
$$;

COMMENT ON FUNCTION rollgate.minute_base IS 'Number of the newest unit that the minute window of a head row no longer counts; inlined';

-- Returns the second in which the oldest used unit leaves the minute window, for a head that rollgate.fits_at_once has accepted, after the
-- grant. Inlined.
CREATE OR REPLACE FUNCTION rollgate.minute_reset(
  p_head   rollgate.counter,
  p_out    int,      -- the second in which units of second 0 of the head's minute leave the window
  p_before smallint  -- the second of that minute before the current one (-1 to 58)
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(
    -- The oldest used unit is of the minute before …
    p_out - 60 + rollgate.first_counted(p_head.prev_secs, p_head.prev_sums, p_before),
    -- … or of this minute.
    p_out + rollgate.oldest_second(0, 0, p_head.secs, p_head.sums))
$$;

COMMENT ON FUNCTION rollgate.minute_reset IS 'Second in which the oldest used unit of a head row leaves the minute window; inlined';

CREATE OR REPLACE FUNCTION rollgate.minutes_of_subjects(
  p_lanes    int[],
  p_subjects text[],  -- one for each lane
  p_from     int,     -- Unix minutes, both included
  p_to       int
) RETURNS TABLE (subject text, minute int, secs smallint[], sums int[], start bigint, cleared bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.subject, m.minute, m.secs, m.sums, m.start, coalesce(c.cleared, 0)
  FROM unnest(p_lanes, p_subjects) AS s (lane, subject)
  JOIN rollgate.minutes_on_record m ON m.lane = s.lane AND m.subject = s.subject AND m.minute BETWEEN p_from AND p_to
  LEFT JOIN rollgate.counter c ON c.lane = s.lane AND c.subject = s.subject
  ORDER BY m.subject, m.minute
$$;

COMMENT ON FUNCTION rollgate.minutes_of_subjects IS
  'Minutes on record of these subjects, as in rollgate.minutes_on_record, with the number of the newest unit that a reset forgave';

CREATE OR REPLACE FUNCTION rollgate.most_instances() RETURNS int
LANGUAGE sql VOLATILE AS $$
  SELECT greatest(
    (SELECT count(*) FROM rollgate.instance),
    (SELECT max(p.instances) FROM rollgate.instance_peak p, (SELECT floor(extract(epoch FROM clock_timestamp()) / 60)::int AS minute) now
     WHERE p.minute BETWEEN now.minute - 60 AND now.minute + 1)
  )::int
$$;

COMMENT ON FUNCTION rollgate.most_instances IS 'Highest number of instances running at once within the last hour, including now';

-- Subjects that have used p_least percent of a window or more, highest percentage first.
--
-- From half of a limit on, grants mark their head (rollgate.is_near), so only marked heads are read. The mark follows the limits of the
-- grant, so more is read where limits have changed since: all heads of an account whose overrides or plan changed in the last two hours,
-- and after a change of a plan or a default the heads of all accounts, which is also done for less than half. A subject whose calls
-- bring a plan is listed once it has used half of that plan's limits, with the limits that the database knows.
CREATE OR REPLACE FUNCTION rollgate.near_limit(
  p_least int,                      -- percent
  p_limit int,                      -- number of rows; NULL: all
  p_now   timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  subject text, account text, api text, minute_used int, minute_limit int, hour_used int, hour_limit int, source text, mode text,
  percent int
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c_marked   constant int := 50;  -- percent: rollgate.is_near
  v_now      timestamptz := coalesce(p_now, clock_timestamp());
  v_since    timestamptz := v_now - interval '2 hours';
  v_marked   boolean := p_least >= c_marked
    AND NOT EXISTS (SELECT FROM rollgate.catalogue c WHERE c.changed_at > v_since AND c.version > 1)
    AND NOT EXISTS (SELECT FROM rollgate.plan p WHERE p.changed_at > v_since AND p.version > 1);
  v_accounts text[];
BEGIN
  v_accounts := ARRAY(
    SELECT o.account FROM rollgate.override o
    WHERE o.changed_at > v_since OR o.starts_at BETWEEN v_since AND v_now OR o.expires_at BETWEEN v_since AND v_now
      -- Their limits may be below the lowest limits of their API.
      OR NOT v_marked AND rollgate.unexpired(o.expires_at, v_now)
    UNION
    SELECT a.account FROM rollgate.plan_assignment a
    WHERE a.changed_at > v_since OR a.starts_at BETWEEN v_since AND v_now OR a.ends_at BETWEEN v_since AND v_now);
  RETURN QUERY
  SELECT u.subject, u.account, s.api, u.minute_used::int, u.minute_limit, u.hour_used::int, u.hour_limit, u.source, u.mode,
         least(p.percent, 999)::int
  FROM rollgate.live_usage(p_now, v_accounts, v_marked, CASE WHEN NOT v_marked THEN p_least END) u
  JOIN rollgate.key_scopes s ON s.scope = u.api
  CROSS JOIN LATERAL (
    SELECT greatest(u.minute_used * 100 / greatest(u.minute_limit, 1), u.hour_used * 100 / greatest(u.hour_limit, 1)) AS percent
  ) p
  WHERE p.percent >= p_least AND NOT rollgate.is_internal(u.account)
  ORDER BY p.percent DESC, u.subject
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.near_limit IS 'Subjects at p_least percent of a window or above, highest percentage first';

CREATE OR REPLACE FUNCTION rollgate.need_admin(p_by rollgate.author, p_what text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role AND times IS NULL) THEN
    RAISE EXCEPTION 'The role % may not change %.', coalesce(p_by.role, '(none)'), p_what USING ERRCODE = 'RG403';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_admin IS 'Refuses (RG403) a role that has an approval limit, or may change no limit';

CREATE OR REPLACE FUNCTION rollgate.need_limits_role(p_by rollgate.author) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_limits_role IS 'Refuses (RG403) a role that may change no limit';

CREATE OR REPLACE FUNCTION rollgate.need_reason(p_reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(btrim(p_reason), '') = '' THEN
    RAISE EXCEPTION 'A reason is required.' USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_reason IS 'Refuses (RG422) a change without a reason';

-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.assign_plan. Writes nothing.
CREATE OR REPLACE FUNCTION rollgate.new_assignment(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger)
RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new   rollgate.plan_assignment;
  v_first timestamptz := p_ledger.history_at;  -- the earliest possible start
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'plan', 'starts_at', 'ends_at', 'reason', 'ticket', 'backdated',
    'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.plan_assignment, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  IF (p_spec ->> 'backdated')::boolean THEN
    SELECT coalesce(max(least(a.ends_at, p_ledger.history_at)), '-infinity') INTO v_first
    FROM rollgate.plan_assignment a WHERE a.account = v_new.account AND a.starts_at <= p_ledger.history_at;
  -- Allow a minute for different clocks and for the time a form takes.
  ELSIF v_new.starts_at < p_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  IF (rollgate.plan_at(v_new.plan)).retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'The plan "%" is retired.', v_new.plan USING ERRCODE = 'RG409';
  END IF;
  v_new.starts_at := greatest(coalesce(v_new.starts_at, p_ledger.history_at), v_first);
  v_new.id := 'asg_' || nextval('rollgate.plan_assignment_number');
  v_new.reason := btrim(v_new.reason);
  v_new.created_by := p_by.actor;
  v_new.created_at := p_ledger.history_at;
  v_new.changed_at := p_ledger.history_at;
  v_new.changed_in := p_ledger.policy_version;
  PERFORM rollgate.settle_assignment(v_new, p_by, p_ledger.history_at);
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.new_assignment IS
  'The assignment that a specification describes, not stored. Errors: RG403 above the approval limit, RG404, RG409 retired plan or a later '
  'assignment, RG422';

-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.create_override. Writes nothing.
-- An override of a policy file keeps its start (backdated), also if that was in the past in another database.
CREATE OR REPLACE FUNCTION rollgate.new_override(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new       rollgate.override;
  v_backdated boolean := coalesce((p_spec ->> 'backdated')::boolean, false);
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'group_id', 'api', 'subject', 'per_minute', 'per_hour', 'factor',
    'extra_minute', 'extra_hour', 'mode', 'starts_at', 'expires_at', 'reason', 'ticket', 'request_id', 'backdated',
    'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.override, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_new.starts_at < p_ledger.history_at - interval '1 minute' AND NOT v_backdated THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  IF v_new.starts_at IS NULL OR NOT v_backdated THEN
    v_new.starts_at := greatest(v_new.starts_at, p_ledger.history_at);
  END IF;
  v_new.id := 'ovr_' || nextval('rollgate.override_number');
  v_new.reason := btrim(v_new.reason);
  v_new.version := 1;
  v_new.created_by := p_by.actor;
  v_new.created_at := p_ledger.history_at;
  v_new.changed_at := p_ledger.history_at;
  v_new.created_in := p_ledger.policy_version;
  v_new.changed_in := p_ledger.policy_version;
  PERFORM rollgate.refuse_retired(v_new.api);
  RETURN rollgate.settle_override(v_new, p_spec, p_by, p_ledger.history_at);
END $$;

COMMENT ON FUNCTION rollgate.new_override IS
  'The override that a specification describes, not stored. Errors: RG403 above the approval limit, RG404, RG422';

-- Records that a caller viewed an account, listed rows of an account, or began an export. Views and lists of one account by one caller
-- from one address are one row for each five minutes, because screens refresh every few seconds. Each export is a row of its own.
-- Returns the ID of the row.
CREATE OR REPLACE FUNCTION rollgate.note_access(
  p_by      rollgate.author,
  p_action  text,
  p_account text,
  p_route   text,
  p_filters jsonb
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_id  bigint;
BEGIN
  IF p_action <> 'export' THEN
    -- Two requests of one screen must not both add the first row.
    PERFORM pg_advisory_xact_lock(7612, hashtext(concat_ws(' ', p_by.actor, p_account)));
    UPDATE rollgate.access_log l
    SET times = l.times + 1, last_at = greatest(v_now, l.last_at),
        routes = CASE WHEN p_route = ANY (l.routes) THEN l.routes ELSE l.routes || p_route END
    WHERE l.id = (
      SELECT a.id FROM rollgate.access_log a
      WHERE a.actor = p_by.actor AND a.first_at > v_now - interval '5 minutes' AND a.action = p_action
        AND a.account IS NOT DISTINCT FROM p_account AND a.address IS NOT DISTINCT FROM p_by.address
        AND (p_action = 'view_account' OR a.filters = p_filters)
      ORDER BY a.id DESC LIMIT 1)
    RETURNING l.id INTO v_id;
    IF FOUND THEN
      -- The row is on record. A crash may lose the last few times it was counted.
      PERFORM set_config('synchronous_commit', 'off', true);
      RETURN v_id;
    END IF;
  END IF;
  INSERT INTO rollgate.access_log (first_at, last_at, times, actor, role, address, request_id, action, account, routes, filters)
  VALUES (v_now, v_now, 1, p_by.actor, p_by.role, p_by.address, p_by.request_id, p_action, p_account, ARRAY[p_route], p_filters)
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

COMMENT ON FUNCTION rollgate.note_access IS
  'Records that a caller viewed an account, listed rows of an account, or began an export; returns the ID of the row';

-- Adds the classes and the instances of events that are not known yet. A class normally includes the route. Where an application gives
-- every call another route, there would be a class for each: after the first p_most, routes are stored with the events. Returns whether
-- that is so.
CREATE OR REPLACE FUNCTION rollgate.note_event_classes(p_events jsonb, p_most int DEFAULT 10000) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_many boolean := coalesce((SELECT max(k.id) > p_most FROM rollgate.event_class k), false);
BEGIN
  INSERT INTO rollgate.event_class (kind, api, group_id, level, window_name, mode, merged, route, key)
  SELECT DISTINCT ON (n.key) e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
         CASE WHEN NOT v_many THEN e.route END, n.key
  FROM jsonb_to_recordset(p_events) AS e (
    kind text, api text, group_id text, level text[], window_name text, mode text, merged text, route text)
  CROSS JOIN LATERAL (
    SELECT rollgate.event_class_key(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
             CASE WHEN NOT v_many THEN e.route END) COLLATE "C" AS key) n
  WHERE NOT EXISTS (SELECT FROM rollgate.event_class k WHERE k.key = n.key)
  ON CONFLICT (key) DO NOTHING;
  INSERT INTO rollgate.event_instance (name)
  SELECT DISTINCT e.instance COLLATE "C" FROM jsonb_to_recordset(p_events) AS e (instance text)
  WHERE NOT EXISTS (SELECT FROM rollgate.event_instance i WHERE i.name = e.instance COLLATE "C")
  ON CONFLICT (name) DO NOTHING;
  RETURN v_many;
END $$;

COMMENT ON FUNCTION rollgate.note_event_classes IS
  'Adds missing classes and instances of events; returns whether there are so many classes that routes belong to the events';

-- Completes the row of an export, once: what is on record does not change afterwards.
CREATE OR REPLACE FUNCTION rollgate.note_export_end(p_id bigint, p_rows bigint, p_complete boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rollgate.access_log
  SET row_count = p_rows, result = CASE WHEN p_complete THEN 'complete' ELSE 'cut' END, last_at = greatest(clock_timestamp(), last_at)
  WHERE id = p_id AND action = 'export' AND result IS NULL
$$;

COMMENT ON FUNCTION rollgate.note_export_end IS 'Records how many rows an export sent, and whether the client received all of it';

-- Records which rows of rollgate.freed were removed, so that instances that have not read them notice.
CREATE OR REPLACE FUNCTION rollgate.note_freed_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_newest xid8;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    v_newest := pg_current_xact_id();
  ELSE
    -- IDs from a restored dump may be ahead of this server's. No instance has a snapshot of them.
    SELECT max(g.xact) INTO v_newest FROM gone g WHERE g.xact <= pg_current_xact_id();
  END IF;
  IF v_newest IS NOT NULL THEN
    INSERT INTO rollgate.freed_removed AS r (xact) VALUES (v_newest)
    ON CONFLICT (one) DO UPDATE SET xact = excluded.xact WHERE r.xact < excluded.xact OR r.xact > pg_current_xact_id();
  END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION rollgate.note_freed_removed IS 'Records the newest transaction whose rows were removed from rollgate.freed';

CREATE OR REPLACE FUNCTION rollgate.note_freeing() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rollgate.freeing (subject, at, history_id, actor) VALUES (NEW.subject, NEW.at, NEW.history_id, NEW.actor);
  RETURN NULL;
END $$;

COMMENT ON FUNCTION rollgate.note_freeing IS 'Keeps the time and the author of each refund and reset, for rechecking denials';

-- Keeps a ring of the last 256 seconds in which an instance called. After a jump ahead of the clock some seconds are missing.
CREATE OR REPLACE FUNCTION rollgate.note_second(p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_slot int := floor(extract(epoch FROM p_now))::bigint % 256;
BEGIN
  IF EXISTS (SELECT FROM rollgate.second_seen WHERE slot = v_slot AND date_trunc('second', at) = date_trunc('second', p_now)) THEN
    RETURN;
  END IF;
  INSERT INTO rollgate.second_seen AS s VALUES (v_slot, p_now) ON CONFLICT (slot) DO UPDATE SET at = excluded.at;
END $$;

COMMENT ON FUNCTION rollgate.note_second IS 'Records that an instance called in this second';

-- Records which server the database runs on. If it is not the previous one, a quarantine begins: the server may lack the last grants.
CREATE OR REPLACE FUNCTION rollgate.note_server(p_instance text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_place text := rollgate.server_place();
BEGIN
  IF EXISTS (SELECT FROM rollgate.server WHERE place = v_place) THEN
    RETURN;
  END IF;
  INSERT INTO rollgate.server (place) VALUES (v_place) ON CONFLICT DO NOTHING;
  -- If several instances notice at once, only one of them updates the row.
  UPDATE rollgate.server SET place = v_place WHERE place <> v_place;
  IF found THEN
    PERFORM rollgate.begin_quarantine(rollgate.place_reason(v_place), p_instance);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.note_server IS 'Begins a quarantine when the database runs on another server than before';

-- Records a sign-in, a failed attempt, the end of a session, or the use of a token. Refusals without a login (too many attempts, tokens,
-- the identity provider) are one row for each minute and address, and uses of a token one row for each hour and address, so that a flood
-- does not fill the table.
CREATE OR REPLACE FUNCTION rollgate.note_sign_in(
  p_outcome    text,
  p_method     text,
  p_login      text,
  p_staff_id   text,
  p_address    text,
  p_user_agent text,
  p_request_id text,
  p_times      int DEFAULT 1
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now     timestamptz := clock_timestamp();
  v_address text := left(p_address, 64);
  v_login   text := left(p_login, 256);
  v_merged  interval := CASE WHEN p_outcome IN ('too_many_attempts', 'token_refused', 'oidc_refused') AND p_login IS NULL
                          THEN interval '1 minute' WHEN p_outcome = 'token_used' THEN interval '1 hour' END;
BEGIN
  IF v_merged IS NOT NULL THEN
    -- Two services must not both add the first row.
    PERFORM pg_advisory_xact_lock(7611, hashtext(concat_ws(' ', p_outcome, v_address)));
    UPDATE rollgate.sign_in_log l SET times = l.times + p_times, last_at = greatest(v_now, l.last_at)
    WHERE l.id = (
      SELECT s.id FROM rollgate.sign_in_log s
      WHERE s.first_at > v_now - v_merged AND s.outcome = p_outcome AND s.method = p_method
        AND s.address IS NOT DISTINCT FROM v_address AND s.login IS NOT DISTINCT FROM v_login
      ORDER BY s.id DESC LIMIT 1);
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  INSERT INTO rollgate.sign_in_log (first_at, last_at, times, outcome, method, login, staff_id, address, user_agent, request_id)
  VALUES (v_now, v_now, p_times, p_outcome, p_method, v_login, p_staff_id, v_address, left(p_user_agent, 512), left(p_request_id, 128));
END $$;

COMMENT ON FUNCTION rollgate.note_sign_in IS
  'Records a sign-in, a failed attempt, the end of a session, or the use of a token';

-- APIs in rollgate.retention are kept longer than others, so their minutes count only where no other API is in p_scopes.
CREATE OR REPLACE FUNCTION rollgate.oldest_minute(p_scopes text[]) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT min(m.minute)
  FROM rollgate.minutes_on_record m LEFT JOIN rollgate.retention r ON r.api = split_part(m.subject, '/', 2)
  WHERE r.api IS NULL OR p_scopes <@ ARRAY(SELECT k.api FROM rollgate.retention k) AND r.api = ANY (p_scopes)
$$;

COMMENT ON FUNCTION rollgate.oldest_minute IS 'From which Unix minute on the calls of these scopes are on record; NULL: none are';

-- Returns the first second (0-59) of a minute that has a unit newer than `base`. After repeated resets `base` may exceed `start` by
-- more than an int can hold. Inlined.
CREATE OR REPLACE FUNCTION rollgate.oldest_second(
  base  bigint,      -- as rollgate.window_base returns it
  start bigint,      -- total at the start of the minute
  secs  smallint[],  -- the seconds of the minute with units …
  sums  int[]        -- … and its units up to and including each of them
) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(least(greatest(base - start, 0), 2147483647)::int, sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.oldest_second IS 'First second of a minute that has a unit newer than a base; inlined';

-- Opens the ledger (rollgate.open_ledger) for changes that are made together. A batch is made by one transaction, in one or more steps:
-- the first step begins it, the others name it. Each step ends with rollgate.close_batch.
CREATE OR REPLACE FUNCTION rollgate.open_batch(p_batch text /* NULL: begins one */) RETURNS rollgate.ledger
LANGUAGE plpgsql AS $$
DECLARE
  v_ledger rollgate.ledger;
BEGIN
  IF p_batch IS NOT NULL AND NOT EXISTS (
    SELECT FROM rollgate.ledger l WHERE l.batch = p_batch AND l.xmin = pg_current_xact_id()::xid) THEN
    RAISE EXCEPTION 'The batch % is complete.', p_batch USING ERRCODE = 'RG409';
  END IF;
  PERFORM rollgate.open_ledger(true);
  UPDATE rollgate.ledger SET batch = coalesce(p_batch, 'bat_' || nextval('rollgate.batch_number')) RETURNING * INTO v_ledger;
  RETURN v_ledger;
END $$;

COMMENT ON FUNCTION rollgate.open_batch IS
  'Takes the ledger''s lock for changes that are made together; p_batch: continues the batch of this transaction. Errors: RG409 it is '
  'complete';

-- Takes the ledger's lock, so that no other transaction changes anything until this one ends. Returns the ledger's row.
CREATE OR REPLACE FUNCTION rollgate.open_ledger(p_policy boolean) RETURNS rollgate.ledger
LANGUAGE sql AS $$
  UPDATE rollgate.ledger
  SET policy_version = policy_version + p_policy::int, batch = NULL,
      history_at = greatest(clock_timestamp(), history_at + interval '1 microsecond')
  RETURNING *
$$;

COMMENT ON FUNCTION rollgate.open_ledger IS
  'Takes the ledger''s lock, so that no other transaction changes anything; p_policy: also gives overrides and catalogue a new '
  'version';

-- Returns the override if it is still at this version (NULL: at any version).
CREATE OR REPLACE FUNCTION rollgate.override_at(p_id text, p_version int) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_old rollgate.override;
BEGIN
  SELECT * INTO v_old FROM rollgate.override WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no override "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The override has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN v_old;
END $$;

COMMENT ON FUNCTION rollgate.override_at IS 'An override, if it is at the given version. Errors: RG404, RG412';

-- What an override changes, from p_now on. Limits of an API can change only when one of its overrides or a plan of the account starts
-- or ends, so only those moments are examined. APIs with the same defaults, and without an override or a limit of a plan for the API or
-- its group, have the same limits, so one of them (`model`) is compared for all. Retired APIs count only where the override is for one of
-- them.
CREATE OR REPLACE FUNCTION rollgate.override_effects(
  p_new     rollgate.override,
  p_now     timestamptz,
  p_subject text DEFAULT NULL  -- where p_new covers more than one subject; NULL: one that has no override of its own
) RETURNS TABLE (
  api text, at timestamptz, minute_before int, minute_after int, hour_before int, hour_after int, source_before text, source_after text
)
LANGUAGE sql STABLE AS $$
  WITH special AS (
    SELECT o.api, o.group_id FROM rollgate.override o WHERE o.account = p_new.account AND rollgate.unexpired(o.expires_at, p_now)
    UNION ALL
    SELECT l.api, l.group_id FROM rollgate.plan_assignment a JOIN rollgate.plan_limit l ON l.plan = a.plan
    WHERE a.account = p_new.account AND rollgate.unexpired(a.ends_at, p_now)
  ),
  apis AS (
    SELECT c.api, c.group_id, min(c.api) OVER (PARTITION BY d.per_minute, d.per_hour,
             CASE WHEN c.group_id IN (SELECT s.group_id FROM special s WHERE s.group_id IS NOT NULL) THEN c.group_id END,
             CASE WHEN c.api IN (SELECT s.api FROM special s WHERE s.api IS NOT NULL) THEN c.api END) AS model
    FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d
    WHERE rollgate.scope_covers(p_new.group_id, p_new.api, c.group_id, c.api) AND (c.retired_at IS NULL OR c.api = p_new.api)
  ),
  models AS (
    SELECT a.api, a.group_id FROM apis a WHERE a.api = a.model
  ),
  moments AS (
    SELECT a.api, t.at FROM models a CROSS JOIN (VALUES (p_now), (greatest(p_new.starts_at, p_now))) t (at)
    UNION
    SELECT a.api, t.at FROM models a
    JOIN rollgate.override o ON o.account = p_new.account AND rollgate.scope_covers(o.group_id, o.api, a.group_id, a.api)
      AND (o.subject IS NULL OR o.subject = coalesce(p_subject, p_new.subject))
    CROSS JOIN LATERAL (VALUES (o.starts_at), (o.expires_at)) t (at)
    WHERE t.at > p_now AND rollgate.unexpired(p_new.expires_at, t.at)
    UNION
    SELECT m.api, t.at FROM models m CROSS JOIN rollgate.plan_assignment a CROSS JOIN LATERAL (VALUES (a.starts_at), (a.ends_at)) t (at)
    WHERE a.account = p_new.account AND t.at > p_now AND rollgate.unexpired(p_new.expires_at, t.at)
  ),
  -- Materialized, so that each model is compared once. If the join below ran first, every API would be compared.
  compared AS MATERIALIZED (
    SELECT m.api, m.at, b.per_minute AS minute_before, a.per_minute AS minute_after, b.per_hour AS hour_before, a.per_hour AS hour_after,
           b.source AS source_before, a.source AS source_after
    FROM moments m
    CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_subject, p_new.subject, ''), m.at) b
    CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_subject, p_new.subject, ''), m.at, p_new) a
  )
  SELECT a.api, c.at, c.minute_before, c.minute_after, c.hour_before, c.hour_after, c.source_before, c.source_after
  FROM apis a JOIN compared c ON c.api = a.model
$$;

COMMENT ON FUNCTION rollgate.override_effects IS
  'Limits of every API in an override''s scope before and after it is stored, at each moment from p_now to its end at which they can '
  'change';

-- The facts of an override that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.override_facts(o rollgate.override) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', o.id, 'account', o.account, 'scope', o.scope, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
    'perMinute', o.per_minute, 'perHour', o.per_hour, 'factor', o.factor, 'extraMinute', o.extra_minute, 'extraHour', o.extra_hour,
    'mode', o.mode,
    'startsAt', to_char(o.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'expiresAt', to_char(o.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', o.reason, 'ticket', o.ticket, 'createdBy', o.created_by, 'requestId', o.request_id, 'version', o.version)
$$;

COMMENT ON FUNCTION rollgate.override_facts IS 'The fields of an override that the history shows';

-- Returns the rank of an override among those that apply to a call: the highest one wins. A narrower scope ranks above a wider one, and
-- among equal scopes the newest override. `byRank` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two.
-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.override_rank(
  p_group   text,
  p_api     text,
  p_subject text,
  p_order   bigint  -- increases with each override created
) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY[CASE WHEN p_subject IS NOT NULL THEN 3 WHEN p_api IS NOT NULL THEN 2 WHEN p_group IS NOT NULL THEN 1 ELSE 0 END, p_order]
$$;

COMMENT ON FUNCTION rollgate.override_rank IS 'Rank of an override: {specificity, order of creation}; the highest one applies; inlined';

-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.override_state(
  p_starts_at  timestamptz,
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN rollgate.in_force(p_starts_at, p_expires_at, p_at) THEN 'inForce'
    WHEN rollgate.unexpired(p_expires_at, p_at) THEN 'upcoming'
    ELSE 'expired' END
$$;

COMMENT ON FUNCTION rollgate.override_state IS 'The state of an override at p_at: upcoming, inForce or expired; inlined';

-- The highest usage of each window since p_since, per subject.
CREATE OR REPLACE FUNCTION rollgate.peak_usage(
  p_lane   int,
  p_prefix text,
  p_since  timestamptz
) RETURNS TABLE (subject text, peak_minute bigint, peak_hour bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH sums AS (
    SELECT u.subject,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second
             RANGE BETWEEN rollgate.window_buckets('minute') - 1 PRECEDING AND CURRENT ROW) AS in_minute,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second
             RANGE BETWEEN rollgate.window_buckets('hour') - 1 PRECEDING AND CURRENT ROW) AS in_hour
    FROM rollgate.usage_by_second(p_lane, p_prefix, p_since) u
  )
  SELECT s.subject, max(s.in_minute), max(s.in_hour) FROM sums s GROUP BY s.subject
$$;

COMMENT ON FUNCTION rollgate.peak_usage IS
  'Highest usage of both rolling windows, per subject of a key prefix, since p_since, as far back as finished minutes are kept';

-- The seconds of each subject's hour window that have units, oldest first. Takes no lock and writes nothing. Each statement names the lane,
-- as Citus needs it. A head that is read before a grant moves it still has its minute, so only the finished minutes before it are added.
CREATE OR REPLACE FUNCTION rollgate.peek(
  p_lane     int,
  p_subjects text[],
  p_now      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (now_ms bigint, subject text, seconds int[], units int[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now     timestamptz := coalesce(p_now, clock_timestamp());
  v_swept   bigint;
  v_second  int;
  v_heads   rollgate.counter[];
  v_minutes rollgate.bucket[];
BEGIN
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM v_now)), v_swept);
  SELECT array_agg(ROW(c.*)::rollgate.counter) INTO v_heads FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject = ANY (p_subjects);
  SELECT array_agg(ROW(b.*)::rollgate.bucket) INTO v_minutes FROM rollgate.bucket b
  WHERE b.lane = p_lane AND b.subject = ANY (p_subjects) AND b.minute >= (v_second + 1 - rollgate.window_buckets('hour')) / 60;
  RETURN QUERY
  SELECT floor(extract(epoch FROM v_now) * 1000)::bigint, asked.subject, coalesce(used.seconds, '{}'), coalesce(used.units, '{}')
  FROM unnest(p_subjects) WITH ORDINALITY AS asked (subject, place)
  LEFT JOIN unnest(v_heads) head ON head.subject = asked.subject
  -- Time never goes back for a subject: it is at least the second of its newest grant.
  CROSS JOIN LATERAL (SELECT greatest(v_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) own
  LEFT JOIN LATERAL (
    SELECT array_agg(u.second ORDER BY u.second) AS seconds, array_agg(u.units::int ORDER BY u.second) AS units
    FROM (
      SELECT b.minute, b.start, b.secs, b.sums FROM unnest(v_minutes) b WHERE b.subject = asked.subject AND b.minute < head.minute
      UNION ALL
      SELECT head.minute, head.total - head.sums[cardinality(head.sums)], head.secs, head.sums
    ) m
    CROSS JOIN LATERAL rollgate.units_of_minute(m.minute, m.start, m.secs, m.sums, head.cleared) u
    WHERE u.second BETWEEN own.second + 1 - rollgate.window_buckets('hour') AND own.second
  ) used ON head.lane IS NOT NULL
  ORDER BY asked.place;
END $$;

COMMENT ON FUNCTION rollgate.peek IS 'Reads usage of subjects without spending: the seconds of the last hour that have units';

CREATE OR REPLACE FUNCTION rollgate.place_reason(p_place text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('another server has taken the database''s place (timeline %s)', split_part(p_place, '/', 2))
$$;

COMMENT ON FUNCTION rollgate.place_reason IS 'Reason of a quarantine that begins because the server changed';

-- Returns the plan if it is still at this version (NULL: at any version).
CREATE OR REPLACE FUNCTION rollgate.plan_at(p_id text, p_version int DEFAULT NULL) RETURNS rollgate.plan
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_old rollgate.plan;
BEGIN
  SELECT * INTO v_old FROM rollgate.plan WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no plan "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The plan was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN v_old;
END $$;

CREATE OR REPLACE FUNCTION rollgate.plan_effects(
  p_before jsonb,  -- as in rollgate.limits_under_rows
  p_after  jsonb
) RETURNS TABLE (api text, title text, ord int, minute_before int, minute_after int, hour_before int, hour_after int)
LANGUAGE sql STABLE AS $$
  SELECT c.api, c.title, c.ord, b.per_minute, a.per_minute, b.per_hour, a.per_hour
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  CROSS JOIN LATERAL rollgate.limits_under_rows(c.group_id, c.api, d.per_minute, d.per_hour, p_before) b
  CROSS JOIN LATERAL rollgate.limits_under_rows(c.group_id, c.api, d.per_minute, d.per_hour, p_after) a
  WHERE c.retired_at IS NULL
$$;

COMMENT ON FUNCTION rollgate.plan_effects IS
  'Limits of every API under two versions of a plan, for an account without overrides';

-- The facts of a plan that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.plan_facts(p rollgate.plan) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', p.id, 'title', p.title, 'description', p.description,
    'limits', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('group', l.group_id, 'api', l.api, 'perMinute', l.per_minute, 'perHour', l.per_hour,
        'factor', l.factor) ORDER BY rollgate.plan_limit_rank(l.group_id, l.api), l.group_id, l.api), '[]')
      FROM rollgate.plan_limit l WHERE l.plan = p.id),
    'retiredAt', to_char(p.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', p.version)
$$;

-- `planAt` in libs/limiter/src/policy/plans.ts is the same rule; a test compares the two.
CREATE OR REPLACE FUNCTION rollgate.plan_in_force(
  p_account text,
  p_at      timestamptz,
  p_plan    text DEFAULT NULL  -- the plan that the call brings; the database knows it only from the caller
) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT a.plan FROM rollgate.plan_assignment a
    WHERE a.account = p_account AND rollgate.in_force(a.starts_at, a.ends_at, p_at)
    ORDER BY a.starts_at DESC LIMIT 1
  ), p_plan)
$$;

COMMENT ON FUNCTION rollgate.plan_in_force IS
  'Plan of an account at a moment: that of its assignment in force, else the one that the call brings; NULL: none';

-- `PLAN_ROWS` in libs/limiter/src/policy/plans.ts is the same rule; a test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.plan_limit_rank(p_group text, p_api text) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_api IS NOT NULL THEN 2 WHEN p_group IS NOT NULL THEN 1 ELSE 0 END
$$;

COMMENT ON FUNCTION rollgate.plan_limit_rank IS
  'Rank of a plan''s row among those that cover an API: of one API, of its group, of all; the highest one applies; inlined';

-- What a policy file contains, one row for each item: edits of the catalogue, plans, assignments and overrides. Assignments and overrides
-- that have ended are left out. Overrides come in the order of their creation, which decides among overrides of the same scope.
CREATE OR REPLACE FUNCTION rollgate.policy_items(p_at timestamptz)
RETURNS TABLE (section text, id text, version int, changed_at timestamptz, changed_by text, facts jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'catalogue', c.api, c.version, c.changed_at, c.changed_by,
         rollgate.catalogue_facts(c) - ARRAY['title', 'group', 'groupTitle', 'level', 'scope', 'shippedPerMinute', 'shippedPerHour',
           'message', 'retiredAt', 'version']
  FROM rollgate.catalogue c
  WHERE c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL OR c.shadow
  UNION ALL
  SELECT 'plans', p.id, p.version, p.changed_at, p.changed_by,
         rollgate.plan_facts(p) - ARRAY['retiredAt', 'version'] || jsonb_build_object('retired', p.retired_at IS NOT NULL)
  FROM rollgate.plan p
  UNION ALL
  SELECT 'assignments', a.id, a.version, a.changed_at, h.actor, rollgate.assignment_facts(a) - ARRAY['id', 'createdBy', 'version']
  FROM rollgate.plan_assignment a
  LEFT JOIN rollgate.history h ON h.id = a.history_id
  WHERE rollgate.unexpired(a.ends_at, p_at)
  UNION ALL
  SELECT o.* FROM (
    SELECT 'overrides', o.id, o.version, o.changed_at, h.actor,
           rollgate.override_facts(o) - ARRAY['id', 'scope', 'createdBy', 'requestId', 'version']
    FROM rollgate.override o
    LEFT JOIN rollgate.history h ON h.id = o.history_id
    WHERE rollgate.unexpired(o.expires_at, p_at) AND NOT rollgate.is_internal(o.account)
    ORDER BY o.created_in, length(o.id), o.id
  ) o
$$;

COMMENT ON FUNCTION rollgate.policy_items IS
  'Everything that staff have set and that is in force at p_at or later: the items of a policy file, who changed each last, and when';

-- Two accounts with the same result have the same limits from p_now on, whatever their names, so a change has the same effects on both.
-- An override of one subject contains that subject's key, and with it the account.
CREATE OR REPLACE FUNCTION rollgate.policy_of(p_account text, p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(
    (SELECT jsonb_agg(jsonb_build_array(o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.factor, o.extra_minute,
              o.extra_hour, o.mode, greatest(o.starts_at, p_now), o.expires_at) ORDER BY o.created_in)
     FROM rollgate.override o WHERE o.account = p_account AND rollgate.unexpired(o.expires_at, p_now)),
    (SELECT jsonb_agg(jsonb_build_array(a.plan, greatest(a.starts_at, p_now), a.ends_at) ORDER BY a.starts_at)
     FROM rollgate.plan_assignment a WHERE a.account = p_account AND rollgate.unexpired(a.ends_at, p_now)))
$$;

COMMENT ON FUNCTION rollgate.policy_of IS 'Everything that sets limits of an account from p_now on, without the account''s name';

-- p_spec: as in rollgate.assign_plan. Locks and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.preview_assignment(p_spec jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_new rollgate.plan_assignment;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.plan_assignment, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.plan_at(v_new.plan);
  v_new.starts_at := greatest(v_new.starts_at, v_now);
  RETURN jsonb_build_object(
    'lowered', coalesce(rollgate.lowered_by_assignment(v_new, v_now), '[]'),
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', e.api, 'title', e.title,
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before, 'source', e.source_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after, 'source', e.source_after))
            ORDER BY e.ord), '[]')
      FROM rollgate.assignment_effects(v_new, v_now) e
      WHERE e.at = v_new.starts_at));
END $$;

COMMENT ON FUNCTION rollgate.preview_assignment IS
  'What an assignment would change when it starts: {lowered, effects: [{api, title, before, after}]}, with every API';

CREATE OR REPLACE FUNCTION rollgate.preview_end(p_ids text[]) RETURNS TABLE (id text, lowered jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id, coalesce(rollgate.lowered_by_end(o, t.now), '[]')
  FROM (SELECT clock_timestamp() AS now) t
  JOIN rollgate.override o ON o.id = ANY (p_ids) AND rollgate.in_force(o.starts_at, o.expires_at, t.now)
$$;

COMMENT ON FUNCTION rollgate.preview_end IS
  'Limits that fall if each of these overrides ends now on its own: items of rollgate.lowering; an override that is not in force has '
  'no row';

-- Returns what an override would change, from what to what for every API in its scope. p_spec: as in rollgate.create_override; without
-- limits it returns the effective limits. Locks and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.preview_override(p_spec jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_new   rollgate.override;
  v_whole record;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.override, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.refuse_retired(v_new.api);
  v_new.id := 'new';
  v_new.created_in := 9223372036854775807;
  v_new.starts_at := greatest(v_new.starts_at, v_now);
  v_whole := rollgate.fill_override(v_new, p_spec, v_now);
  v_new := v_whole.filled;
  RETURN jsonb_build_object(
    'perMinute', v_new.per_minute, 'perHour', v_new.per_hour, 'factor', v_new.factor,
    'extraMinute', v_new.extra_minute, 'extraHour', v_new.extra_hour,
    'lowered', coalesce(rollgate.lowered_by(v_new, v_now), '[]'),
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'title', c.title,
          'default', jsonb_build_object('perMinute', d.per_minute, 'perHour', d.per_hour),
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before, 'source', e.source_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after),
          'governs', e.source_after = 'new') ORDER BY c.ord), '[]')
      FROM rollgate.override_effects(v_new, v_now) e
      JOIN rollgate.catalogue c ON c.api = e.api
      CROSS JOIN LATERAL rollgate.default_limits(c) d
      WHERE e.at = v_new.starts_at));
END $$;

COMMENT ON FUNCTION rollgate.preview_override IS
  'What an override would change when it starts: {perMinute, perHour, factor, extraMinute, extraHour, lowered, '
  'effects: [{api, title, default, before, after, governs}]}, with every API in its scope';

CREATE OR REPLACE FUNCTION rollgate.preview_plan(
  p_id     text,   -- a plan, or one that does not exist yet
  p_limits jsonb   -- as in rollgate.put_plan_limits
) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH given AS (
    SELECT coalesce((SELECT rollgate.plan_facts(p) -> 'limits' FROM rollgate.plan p WHERE p.id = p_id), '[]') AS before,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('group', l.group_id, 'api', l.api, 'perMinute', l.per_minute,
             'perHour', l.per_hour,
              'factor', l.factor)), '[]') FROM jsonb_populate_recordset(NULL::rollgate.plan_limit, p_limits) l) AS after,
           rollgate.assigned_accounts(p_id, t.now) AS accounts
    FROM (SELECT clock_timestamp() AS now) t
  )
  SELECT jsonb_build_object('accounts', g.accounts,
    'lowered', CASE WHEN EXISTS (SELECT FROM rollgate.plan p WHERE p.id = p_id)
      THEN coalesce(rollgate.lowered_by_plan(g.before, g.after, g.accounts), '[]') ELSE '[]' END,
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', e.api, 'title', e.title,
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after)) ORDER BY e.ord), '[]')
      FROM rollgate.plan_effects(g.before, g.after) e))
  FROM given g
$$;

COMMENT ON FUNCTION rollgate.preview_plan IS
  'What a plan would change with these limits: {accounts, lowered, effects: [{api, title, before, after}]}, with every API';

-- Removes a page of the oldest rows of the access log. No program can remove rows that are younger than 30 days, whatever it passes.
CREATE OR REPLACE FUNCTION rollgate.prune_access(p_keep_days int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_before  timestamptz;
  v_removed int;
  v_more    int;
BEGIN
  IF p_keep_days < 30 THEN
    RAISE EXCEPTION 'rollgate.prune_access: p_keep_days must be at least 30' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_before := clock_timestamp() - p_keep_days * interval '1 day';
  DELETE FROM rollgate.sign_in_log WHERE id = ANY (ARRAY(
    SELECT s.id FROM rollgate.sign_in_log s WHERE s.first_at < v_before ORDER BY s.first_at LIMIT 1000));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  DELETE FROM rollgate.access_log WHERE id = ANY (ARRAY(
    SELECT a.id FROM rollgate.access_log a WHERE a.first_at < v_before ORDER BY a.first_at LIMIT 1000));
  GET DIAGNOSTICS v_more = ROW_COUNT;
  RETURN v_removed + v_more;
END $$;

COMMENT ON FUNCTION rollgate.prune_access IS
  'Removes up to 2,000 rows of the access log that are older than a number of days, at least 30; returns how many';

-- Replaces the times of an assignment with those of p_new. Requires the ledger's lock (rollgate.open_ledger).
CREATE OR REPLACE FUNCTION rollgate.put_assignment(
  p_old     rollgate.plan_assignment,
  p_new     rollgate.plan_assignment,
  p_action  text,  -- end or undo
  p_reason  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.plan_assignment;
BEGIN
  UPDATE rollgate.plan_assignment a
  SET starts_at = p_new.starts_at, ends_at = p_new.ends_at, reason = btrim(p_reason), changed_at = p_ledger.history_at,
      version = a.version + 1, changed_in = p_ledger.policy_version
  WHERE a.id = p_old.id
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('assignment', p_action, v_new.id, v_new.account, p_by, rollgate.assignment_facts(p_old),
    rollgate.assignment_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), v_new.ticket, p_undoes);
  UPDATE rollgate.plan_assignment SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

-- Replaces the API's defaults and its mode with p_new, and records that. Requires the ledger's lock. Errors: RG403, RG422.
CREATE OR REPLACE FUNCTION rollgate.put_catalogue(
  p_old     rollgate.catalogue,
  p_new     rollgate.catalogue,
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.catalogue
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.catalogue;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  PERFORM rollgate.need_admin(p_by, 'default limits');
  UPDATE rollgate.catalogue c
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, shadow = p_new.shadow, version = c.version + 1,
      changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at, changed_by = p_by.actor
  WHERE c.api = p_old.api
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('catalogue', CASE WHEN p_undoes IS NULL THEN 'change' ELSE 'undo' END, v_new.api, NULL, p_by,
    rollgate.catalogue_facts(p_old), rollgate.catalogue_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), p_ticket,
    p_undoes);
  UPDATE rollgate.catalogue SET history_id = v_new.history_id WHERE api = v_new.api;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.put_catalogue IS 'Replaces an API''s default limits and mode and records the change; returns it as it is now';

-- Adds an API, or updates what applications register of it. Requires the ledger's lock.
CREATE OR REPLACE FUNCTION rollgate.put_definition(
  p_given       rollgate.catalogue,
  p_application text,
  p_by          rollgate.author,
  p_ledger      rollgate.ledger
) RETURNS TABLE (api text, action text, before jsonb, after jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_old rollgate.catalogue;
  v_new rollgate.catalogue;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue c WHERE c.api = p_given.api;
  IF NOT found THEN
    INSERT INTO rollgate.catalogue (api, ord, title, group_id, group_title, level, scope, shipped_per_minute, shipped_per_hour, message,
      changed_in, changed_at, changed_by)
    VALUES (p_given.api, (SELECT coalesce(max(c.ord), 0) + 1 FROM rollgate.catalogue c), p_given.title, p_given.group_id,
      p_given.group_title, p_given.level, p_given.scope, p_given.shipped_per_minute, p_given.shipped_per_hour, p_given.message,
      p_ledger.policy_version, p_ledger.history_at, p_by.actor)
    RETURNING * INTO v_new;
    action := 'add';
  ELSIF v_old.retired_at IS NOT NULL OR rollgate.shipped_definition(v_old) <> rollgate.shipped_definition(p_given) THEN
    UPDATE rollgate.catalogue c
    SET title = p_given.title, group_id = p_given.group_id, group_title = p_given.group_title, level = p_given.level, scope = p_given.scope,
        shipped_per_minute = p_given.shipped_per_minute, shipped_per_hour = p_given.shipped_per_hour, message = p_given.message,
        retired_at = NULL, version = c.version + 1, changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at,
        changed_by = p_by.actor
    WHERE c.api = p_given.api
    RETURNING * INTO v_new;
    action := CASE WHEN v_old.retired_at IS NULL THEN 'ship' ELSE 'return' END;
    before := rollgate.catalogue_facts(v_old);
  ELSE
    RETURN;
  END IF;
  api := v_new.api;
  after := rollgate.catalogue_facts(v_new);
  PERFORM rollgate.record('catalogue', action, api, NULL, p_by, before, after, format('registered by %s', p_application));
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.put_definition IS 'Adds or updates one API as an application registers it; no row: it was the same';

-- Replaces the override with p_new, and records that. Requires the ledger's lock. Errors: RG422.
CREATE OR REPLACE FUNCTION rollgate.put_override(
  p_old     rollgate.override,
  p_new     rollgate.override,
  p_action  text,  -- change, expire, restore or undo
  p_reason  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  IF p_new.expires_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  UPDATE rollgate.override o
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, factor = p_new.factor,
      extra_minute = p_new.extra_minute, extra_hour = p_new.extra_hour, mode = p_new.mode, starts_at = p_new.starts_at,
      expires_at = p_new.expires_at, reason = btrim(p_reason), ticket = p_new.ticket, changed_at = p_ledger.history_at,
      version = o.version + 1, changed_in = p_ledger.policy_version
  WHERE o.id = p_old.id
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('override', p_action, v_new.id, v_new.account, p_by, rollgate.override_facts(p_old),
    rollgate.override_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), v_new.ticket, p_undoes);
  UPDATE rollgate.override SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.put_override IS 'Replaces an override and records the change; returns it as it is now';

-- Replaces the plan's texts and its retirement with p_new, and its limits with p_limits, and records that. Requires the ledger's lock
-- (rollgate.open_ledger). The caller refuses what is lowered without consent.
CREATE OR REPLACE FUNCTION rollgate.put_plan(
  p_old    rollgate.plan,
  p_new    rollgate.plan,
  p_limits jsonb,  -- as in rollgate.put_plan_limits; NULL: they stay
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_undoes bigint DEFAULT NULL,  -- the history row whose change this one reverts
  OUT changed rollgate.plan,
  OUT lowered jsonb              -- items of rollgate.lowered_by_plan; NULL: none
)
LANGUAGE plpgsql AS $$
DECLARE
  v_before jsonb := rollgate.plan_facts(p_old);
BEGIN
  PERFORM rollgate.need_admin(p_by, 'plans');
  PERFORM rollgate.need_reason(p_reason);
  UPDATE rollgate.plan p
  SET title = p_new.title, description = p_new.description, retired_at = p_new.retired_at, version = p.version + 1,
      changed_by = p_by.actor, changed_at = p_ledger.history_at, changed_in = p_ledger.policy_version
  WHERE p.id = p_old.id
  RETURNING * INTO changed;
  IF p_limits IS NOT NULL THEN
    PERFORM rollgate.put_plan_limits(p_old.id, p_limits);
    lowered := rollgate.lowered_by_plan(v_before -> 'limits', rollgate.plan_facts(changed) -> 'limits',
      rollgate.assigned_accounts(p_old.id, p_ledger.history_at));
  END IF;
  changed.history_id := rollgate.record('plan',
    CASE WHEN p_undoes IS NOT NULL THEN 'undo' WHEN p_old.retired_at IS NULL AND changed.retired_at IS NOT NULL THEN 'retire'
      WHEN p_old.retired_at IS NOT NULL AND changed.retired_at IS NULL THEN 'restore' ELSE 'change' END,
    p_old.id, NULL, p_by, v_before, rollgate.plan_facts(changed) || rollgate.lowered_facts(lowered), btrim(p_reason), NULL, p_undoes);
  UPDATE rollgate.plan SET history_id = changed.history_id WHERE id = p_old.id;
END $$;

COMMENT ON FUNCTION rollgate.put_plan IS
  'Replaces a plan and records the change; returns it as it is now, and the limits that get lower. Errors: RG403, RG404, RG422';

-- Requires the ledger's lock (rollgate.open_ledger). p_limits: [{group_id, api, per_minute, per_hour, factor}].
CREATE OR REPLACE FUNCTION rollgate.put_plan_limits(p_plan text, p_limits jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_row jsonb;
  v_new rollgate.plan_limit;
BEGIN
  IF jsonb_typeof(p_limits) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'limits: must be a list.' USING ERRCODE = 'RG422';
  END IF;
  DELETE FROM rollgate.plan_limit WHERE plan = p_plan;
  FOR v_row IN SELECT * FROM jsonb_array_elements(p_limits) LOOP
    PERFORM rollgate.refuse_unknown(v_row, ARRAY['group_id', 'api', 'per_minute', 'per_hour', 'factor']);
    v_new := jsonb_populate_record(NULL::rollgate.plan_limit, v_row);
    v_new.plan := p_plan;
    IF v_new.group_id IS NOT NULL AND v_new.api IS NOT NULL THEN
      RAISE EXCEPTION 'A limit of a plan is for one API, for one group, or for all, not for an API and a group.' USING ERRCODE = 'RG422';
    END IF;
    IF NOT EXISTS (SELECT FROM rollgate.catalogue c WHERE rollgate.scope_covers(v_new.group_id, v_new.api, c.group_id, c.api))
      AND coalesce(v_new.group_id, v_new.api) IS NOT NULL THEN
      RAISE EXCEPTION 'There is no API or group "%".', coalesce(v_new.api, v_new.group_id) USING ERRCODE = 'RG404';
    END IF;
    IF NOT rollgate.sets_limit(v_new.per_minute, v_new.per_hour, v_new.factor) THEN
      RAISE EXCEPTION 'Set at least one of: per-minute limit, per-hour limit, factor.' USING ERRCODE = 'RG422';
    END IF;
    IF v_new.factor IS NOT NULL AND (v_new.per_minute IS NOT NULL OR v_new.per_hour IS NOT NULL) THEN
      RAISE EXCEPTION 'Set either a factor or limits, not both.' USING ERRCODE = 'RG422';
    END IF;
    PERFORM rollgate.refuse_factor(v_new.factor);
    BEGIN
      INSERT INTO rollgate.plan_limit SELECT v_new.*;
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'The plan has two limits for %.', coalesce(v_new.api, v_new.group_id, 'all APIs') USING ERRCODE = 'RG422';
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.put_plan_limits IS 'Replaces the limits of a plan. Errors: RG404 unknown API or group, RG422';

-- Returns the quarantine in force, at most one row. A change of server counts even before an instance has recorded it, so that a new
-- connection learns of it before it decides.
CREATE OR REPLACE FUNCTION rollgate.quarantine_in_force()
RETURNS TABLE (since timestamptz, until timestamptz, reason text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.since, q.until, q.reason FROM (
    -- A quarantine that begins in the future was recorded before the clock was set back. It is over.
    SELECT q.since, q.until, q.reason FROM rollgate.quarantine q
    WHERE q.since <= clock_timestamp() AND q.until > clock_timestamp()
    UNION ALL
    SELECT clock_timestamp(), clock_timestamp() + make_interval(secs => rollgate.window_buckets('minute')),
           rollgate.place_reason(rollgate.server_place())
    FROM rollgate.server s WHERE s.place <> rollgate.server_place()
  ) q
  ORDER BY q.until DESC LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.quarantine_in_force IS
  'Start, end and reason of the quarantine in which every instance grants half limits; no row: there is none';

-- Recomputes denials from the units on record and lists those that had enough free units. Expected result: no rows.
--
-- Not checked, and therefore never listed: events merged across subjects; decisions made while the database was away; denials of a
-- subject that had a refund or a reset since, or within the 3 s before (another instance may remember a denial that long); denials
-- whose minutes are no longer on record, because of retention or because the idle subject's row, which holds its last minute, was
-- swept. Units granted after a denial within the same second are counted too. The check assumes that the database's clock never
-- went back. It reads each event's window, so limit the time span.
CREATE OR REPLACE FUNCTION rollgate.recheck_decisions(
  p_from timestamptz DEFAULT NULL,  -- NULL: since the oldest event on record
  p_to   timestamptz DEFAULT NULL   -- included; NULL: until now
)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_reported int,
  used_recorded bigint, cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH judged AS (
    SELECT e.*, rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS limit_units, t.second,
           t.second + 1 - rollgate.window_buckets(e.window_name) AS oldest_second
    FROM rollgate.limit_event e CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM e.first_at))::int AS second) t
    WHERE e.first_at >= coalesce(p_from, '-infinity') AND e.first_at <= coalesce(p_to, 'infinity')
      AND e.kind = 'denied' AND e.subject <> '*' AND e.mode IN ('enforced', 'shadow')
      AND e.cost <= rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour)
      AND NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = e.subject AND f.at > e.first_at - interval '3 seconds')
  )
  SELECT j.id, j.account, j.api, j.subject, j.first_at, j.window_name, j.limit_units, j.used, used.units, j.cost, j.count
  FROM judged j
  -- The subject's head: which units were forgiven, its oldest minute on record, and the minute in which its numbering began.
  LEFT JOIN LATERAL (
    SELECT c.cleared,
           (SELECT min(m.minute) FROM rollgate.minutes_on_record m WHERE m.lane = c.lane AND m.subject = c.subject) AS oldest_minute,
           (SELECT max(m.minute) FROM rollgate.minutes_on_record m WHERE m.lane = c.lane AND m.subject = c.subject AND m.start = 0)
             AS first_minute
    FROM rollgate.counter c
    WHERE c.lane = ANY (rollgate.lanes_of(j.lane)) AND c.subject = j.subject
    LIMIT 1
  ) head ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.units), 0) AS units
    FROM rollgate.units_by_second(rollgate.lanes_of(j.lane), j.subject, coalesce(head.cleared, 0), j.oldest_second, j.second) s
  ) used
  WHERE used.units + j.cost <= j.limit_units
    AND CASE
      -- Too recent to have been swept.
      WHEN j.oldest_second > floor(extract(epoch FROM clock_timestamp())) - rollgate.least_keep_seconds() THEN true
      WHEN head.first_minute IS NOT NULL THEN head.first_minute <= j.second / 60
      ELSE head.oldest_minute * 60 <= j.oldest_second END
$$;

COMMENT ON FUNCTION rollgate.recheck_decisions IS
  'Denials of a time span that had enough free units, recomputed from the units on record. Expected result: no rows';

-- Appends one row to the history. Requires the ledger's lock (rollgate.open_ledger). Returns the ID of the row.
CREATE OR REPLACE FUNCTION rollgate.record(
  p_kind    text,                 -- as in rollgate.history
  p_action  text,
  p_target  text,
  p_account text,
  p_by      rollgate.author,
  p_before  jsonb,
  p_after   jsonb,
  p_reason  text,
  p_ticket  text            DEFAULT NULL,
  p_undoes  bigint          DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_row  rollgate.history;
  v_last rollgate.history;
BEGIN
  SELECT l.history_id + 1, l.history_at, l.history_hash, l.batch INTO v_row.id, v_row.at, v_row.previous_hash, v_row.batch
  FROM rollgate.ledger l FOR UPDATE;
  IF v_row.batch IS NOT NULL THEN
    -- Until the end of the step (rollgate.close_batch) the ledger knows only the end of the history before it.
    SELECT * INTO v_last FROM rollgate.history h WHERE h.batch = v_row.batch AND h.id >= v_row.id ORDER BY h.id DESC LIMIT 1;
    IF found THEN
      v_row.id := v_last.id + 1;
      v_row.previous_hash := v_last.hash;
    END IF;
  END IF;
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
  IF v_row.batch IS NULL THEN
    UPDATE rollgate.ledger SET history_id = v_row.id, history_hash = v_row.hash;
  END IF;
  RETURN v_row.id;
END $$;

COMMENT ON FUNCTION rollgate.record IS 'Appends one row to the history; the caller must hold the ledger''s lock';

-- The changes themselves are rows of their own. Their request_id is that of p_by, which names the file as well.
CREATE OR REPLACE FUNCTION rollgate.record_policy_file(
  p_sha256  text,  -- of the file's bytes
  p_changes jsonb, -- number of changes by kind and action
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rollgate.need_admin(p_by, 'the policy as a whole');
  PERFORM rollgate.need_reason(p_reason);
  PERFORM rollgate.open_ledger(false);
  RETURN rollgate.record('policy', 'apply', p_sha256, NULL, p_by, NULL, jsonb_build_object('sha256', p_sha256, 'changes', p_changes),
    btrim(p_reason), p_ticket);
END $$;

COMMENT ON FUNCTION rollgate.record_policy_file IS
  'Records in the history that a policy file was applied, by whom and why; returns the row''s ID. Errors: RG403, RG422';

CREATE OR REPLACE FUNCTION rollgate.record_staff(
  p_kind   text,
  p_action text,
  p_target text,
  p_by     rollgate.author,
  p_before jsonb,
  p_after  jsonb,
  p_reason text            DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_kind NOT IN ('staff', 'token') THEN
    RAISE EXCEPTION 'The service can''t write history of kind %.', p_kind USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM rollgate.open_ledger(false);
  RETURN rollgate.record(p_kind, p_action, p_target, NULL, p_by, p_before, p_after, nullif(btrim(p_reason), ''));
END $$;

COMMENT ON FUNCTION rollgate.record_staff IS 'Appends a change of a person or a token to the history; returns the id of the new row';

-- Takes back units that were granted in one second. Later units are renumbered, wherever their numbers are kept. Returns how many units it
-- took back: fewer than p_units if fewer were found, or if a reset has forgiven some.
CREATE OR REPLACE FUNCTION rollgate.refund(
  p_lane    int,
  p_subject text,
  p_second  int,  -- Unix second in which the units were granted
  p_units   int,  -- at most so many
  p_actor   text DEFAULT NULL  -- the application's name
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_minute int := p_second / 60;
  v_head   rollgate.counter;
  v_start  bigint;      -- of the minute of p_second, as in rollgate.bucket
  v_secs   smallint[];
  v_sums   int[];
  v_place  int;         -- place of p_second in v_secs
  v_taken  int;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  SELECT * INTO v_head FROM rollgate.counter WHERE lane = p_lane AND subject = p_subject;
  IF NOT found OR v_minute < v_head.minute - 60 THEN
    RETURN 0; -- no unit left that counts
  END IF;
  IF v_minute = v_head.minute THEN
    v_secs := v_head.secs;
    v_sums := v_head.sums;
    v_start := v_head.total - v_sums[cardinality(v_sums)];
  ELSE
    SELECT secs, sums, start INTO v_secs, v_sums, v_start FROM rollgate.bucket
    WHERE lane = p_lane AND subject = p_subject AND minute = v_minute;
  END IF;
  v_place := array_position(v_secs, (p_second % 60)::smallint);
  IF v_place IS NULL THEN
    RETURN 0;
  END IF;
  v_taken := greatest(0, least(p_units, v_sums[v_place] - coalesce(v_sums[v_place - 1], 0), v_start + v_sums[v_place] - v_head.cleared));
  IF v_taken = 0 THEN
    RETURN 0; -- already refunded, or forgiven by a reset
  END IF;
  v_sums := ARRAY(SELECT sum - CASE WHEN ord >= v_place THEN v_taken ELSE 0 END
                  FROM unnest(v_sums) WITH ORDINALITY AS u (sum, ord) ORDER BY ord);
  UPDATE rollgate.bucket
  SET start = start - CASE WHEN minute > v_minute THEN v_taken ELSE 0 END,
      sums = CASE WHEN minute = v_minute THEN v_sums ELSE sums END
  WHERE lane = p_lane AND subject = p_subject AND minute >= v_minute;
  UPDATE rollgate.counter
  SET total = total - v_taken,
      sums = CASE WHEN minute = v_minute THEN v_sums ELSE sums END,
      prev_sums = CASE WHEN minute - 1 = v_minute THEN v_sums ELSE prev_sums END,
      prev_start = prev_start - CASE WHEN minute - 1 > v_minute THEN v_taken ELSE 0 END,
      hour_sums = CASE WHEN minute - 60 = v_minute THEN v_sums ELSE hour_sums END,
      hour_next = (
        SELECT b.minute * 60 + rollgate.oldest_second(v_head.cleared, b.start, b.secs, b.sums) FROM rollgate.bucket b
        WHERE b.lane = p_lane AND b.subject = p_subject AND b.minute > v_head.minute - 60
          AND b.sums[cardinality(b.sums)] > greatest(v_head.cleared - b.start, 0)
        ORDER BY b.minute LIMIT 1)
  WHERE lane = p_lane AND subject = p_subject;
  -- The roll-up may have read this minute already. If it has not, it removes the row when it does.
  INSERT INTO rollgate.usage_refund (minute, units, lane, subject)
  SELECT v_minute, v_taken, p_lane, p_subject FROM rollgate.roll_up r WHERE r.sealed_to > to_timestamp(v_minute * 60::float8);
  INSERT INTO rollgate.freed (subject, actor) VALUES (p_subject, p_actor);
  RETURN v_taken;
END $$;

COMMENT ON FUNCTION rollgate.refund IS 'Takes back units granted in one second; returns how many it found there';

CREATE OR REPLACE FUNCTION rollgate.refuse_above_ceiling(p_by rollgate.author, p_api text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_most record;
BEGIN
  SELECT l.times, d.per_minute::bigint * l.times AS per_minute, d.per_hour::bigint * l.times AS per_hour INTO v_most
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d JOIN rollgate.ceiling l ON l.role = p_by.role
  WHERE c.api = p_api;
  RAISE EXCEPTION 'The role % may grant up to % units a minute and % units an hour of %, extra units included: % times the default.',
    p_by.role, v_most.per_minute, v_most.per_hour, p_api, v_most.times
    USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
END $$;

COMMENT ON FUNCTION rollgate.refuse_above_ceiling IS
  'Refuses (RG403) what is above the approval limit of its author''s role for an API, with extra units';

-- The rules of the class Catalogue in libs/contract. A test compares the two.
CREATE OR REPLACE FUNCTION rollgate.refuse_bad_catalogue(p_application text, p_apis jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c_most_apis constant int := 10000;
  v_bad       record;
BEGIN
  -- The placeholder for the unknown applications of 0.1.0 may only give its APIs up.
  IF p_application IS NULL
    OR p_application !~ '^(file:)?[A-Za-z0-9@/_.-]{1,64}$' AND (p_application, p_apis) <> ('(before 0.2.0)', '[]') THEN
    RAISE EXCEPTION 'The name of an application is 1 to 64 letters, digits and @ / _ . -, not "%".', p_application
      USING ERRCODE = 'RG422';
  END IF;
  IF jsonb_typeof(p_apis) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'A catalogue is a list of APIs.' USING ERRCODE = 'RG422';
  END IF;
  IF jsonb_array_length(p_apis) > c_most_apis THEN
    RAISE EXCEPTION 'A catalogue has at most % APIs.', c_most_apis USING ERRCODE = 'RG422';
  END IF;
  SELECT t.api, CASE
    WHEN t.api IS NULL OR t.api !~ '^[a-z0-9][a-z0-9-]{0,63}$' THEN 'the id is not lower case letters, digits and -'
    WHEN t.group_id IS NULL OR t.group_id !~ '^[a-z0-9][a-z0-9-]{0,63}$' THEN 'the id of its group is not lower case letters, digits and -'
    WHEN coalesce(t.title, '') = '' OR coalesce(t.group_title, '') = '' THEN 'it or its group has no title'
    WHEN coalesce(t.message, '') = '' THEN 'it has no message for denied calls'
    WHEN greatest(length(t.title), length(t.group_title), length(t.message)) > 1000 THEN 'a text is longer than 1,000 characters'
    WHEN coalesce(cardinality(t.level), 0) NOT BETWEEN 1 AND 8 THEN 'its level does not have 1 to 8 dimensions'
    WHEN EXISTS (SELECT FROM unnest(t.level) d WHERE d IS NULL OR d !~ '^[a-z][a-z0-9_]{0,31}$')
      THEN 'a dimension of its level is not lower case letters, digits and _'
    WHEN (SELECT count(DISTINCT d) FROM unnest(t.level) d) < cardinality(t.level) THEN 'its level names a dimension twice'
    WHEN t.scope IS NULL OR t.scope NOT IN ('api', 'group') THEN 'its scope is neither api nor group'
    WHEN t.shipped_per_minute IS NULL OR t.shipped_per_minute NOT BETWEEN 0 AND 1000000000
      OR t.shipped_per_hour IS NULL OR t.shipped_per_hour NOT BETWEEN 0 AND 1000000000
      THEN 'a limit is not from 0 to 1,000,000,000 units'
    WHEN count(*) OVER (PARTITION BY t.api) > 1 THEN 'it is in the list twice'
    END AS fault
  INTO v_bad
  FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
  ORDER BY fault NULLS LAST LIMIT 1;
  IF v_bad.fault IS NOT NULL THEN
    RAISE EXCEPTION 'The API "%" can''t be registered: %.', v_bad.api, v_bad.fault USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_bad_catalogue IS 'Refuses (RG422) a malformed list of APIs, or name of an application';

CREATE OR REPLACE FUNCTION rollgate.refuse_catalogue_conflicts(p_application text, p_apis jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_conflicts jsonb;
  v_lines     text;
BEGIN
  WITH conflict AS (
    SELECT t.api, rollgate.definition_text(t) AS definition, o.owners, rollgate.definition_text(c) AS registered
    FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
    JOIN rollgate.catalogue c ON c.api = t.api
    CROSS JOIN LATERAL (
      SELECT array_agg(w.application ORDER BY w.application) AS owners FROM rollgate.catalogue_owner w
      WHERE w.api = t.api AND w.application NOT IN (p_application, '(before 0.2.0)')
    ) o
    WHERE o.owners IS NOT NULL AND rollgate.definition_text(t) <> rollgate.definition_text(c)
  )
  SELECT jsonb_agg(jsonb_build_object('api', f.api, 'application', p_application, 'definition', f.definition, 'owners', f.owners,
           'registered', f.registered) ORDER BY f.api),
         string_agg(format('%s: "%s" registers %s; "%s" registers %s', f.api, p_application, f.definition,
           array_to_string(f.owners, '", "'), f.registered), E'\n' ORDER BY f.api)
  INTO v_conflicts, v_lines
  FROM conflict f;
  IF v_conflicts IS NOT NULL THEN
    RAISE EXCEPTION E'Another application registers the same API with another definition. Nothing of the catalogue of "%" was stored.\n%',
      p_application, v_lines USING ERRCODE = 'RGCAT', DETAIL = v_conflicts::text,
      HINT = 'Give the APIs different IDs, or the same definition in both applications.';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_catalogue_conflicts IS
  'Refuses (RGCAT) APIs that another application registers with another level, group, scope or limit; DETAIL: [{api, application, '
  'definition, owners, registered}]';

CREATE OR REPLACE FUNCTION rollgate.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rollgate.history is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

COMMENT ON FUNCTION rollgate.refuse_change IS 'Refuses to change or remove rows of the history';

CREATE OR REPLACE FUNCTION rollgate.refuse_changed_batch(p_batch text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c_listed constant int := 10;
  v_items   text[];
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.history h WHERE h.batch = p_batch) THEN
    RAISE EXCEPTION 'There is no batch "%".', p_batch USING ERRCODE = 'RG404';
  END IF;
  v_items := ARRAY(
    SELECT concat(i.target, ' of ' || i.account)
    FROM (SELECT h.kind, h.target, h.account, max(h.id) AS id FROM rollgate.history h WHERE h.batch = p_batch GROUP BY 1, 2, 3) i
    WHERE EXISTS (SELECT FROM rollgate.history n WHERE n.kind = i.kind AND n.target = i.target AND n.id > i.id)
    ORDER BY i.id);
  IF v_items <> '{}' THEN
    RAISE EXCEPTION 'Changed since: %. Undo those changes first.', array_to_string(v_items[:c_listed], ', ') || CASE
        WHEN cardinality(v_items) > c_listed THEN format(' and %s more', cardinality(v_items) - c_listed) ELSE '' END
      USING ERRCODE = 'RG409', DETAIL = jsonb_build_object('changed', v_items)::text;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_changed_batch IS
  'Refuses (RG404, RG409) to undo a batch that does not exist, or of which an item was changed since';

CREATE OR REPLACE FUNCTION rollgate.refuse_factor(p_factor numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_factor <= 0 OR p_factor > 1000 OR p_factor <> round(p_factor, 3) THEN
    RAISE EXCEPTION 'factor: must be above 0 and at most 1,000, with at most three decimals.' USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_factor IS 'Refuses (RG422) a factor that is out of range or too precise; NULL: there is none';

CREATE OR REPLACE FUNCTION rollgate.refuse_internal(p_account text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF rollgate.is_internal(p_account) THEN
    RAISE EXCEPTION 'The account % belongs to Rollgate itself: the limits on sign-in are settings of the service.', p_account
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_internal IS 'Refuses (RG422) a custom limit of the account under which Rollgate limits its own sign-in';

-- Postgres reads "tomorrow", "Dec 1" and a bare date as times, in the time zone of the session. None of them may set a limit's start
-- or end.
CREATE OR REPLACE FUNCTION rollgate.refuse_loose_times(p_spec jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_name text;
  v_text text;
BEGIN
  FOR v_name, v_text IN
    SELECT t.key, t.value FROM jsonb_each_text(p_spec) t
    WHERE t.key IN ('starts_at', 'expires_at', 'ends_at', 'until') AND t.value IS NOT NULL
  LOOP
    BEGIN
      IF v_text !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN
        RAISE invalid_datetime_format;
      END IF;
      PERFORM v_text::timestamptz;
    EXCEPTION WHEN data_exception THEN
      RAISE EXCEPTION '%: "%" is not a time like 2026-12-31T12:00:00Z, with an offset.', v_name, v_text USING ERRCODE = 'RG422';
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.refuse_loose_times IS
  'Refuses (RG422) starts_at, expires_at, ends_at and until that are not ISO 8601 with seconds and an offset';

CREATE OR REPLACE FUNCTION rollgate.refuse_lowering(
  p_lowered jsonb,            -- items of rollgate.lowering; NULL: none
  p_allowed boolean,
  p_count   int DEFAULT NULL  -- number of limits, if p_lowered has only the first of them
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  c_listed constant int := 3;
  v_count  int := coalesce(p_count, jsonb_array_length(p_lowered));
BEGIN
  IF p_lowered IS NULL OR coalesce(p_allowed, false) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'This lowers a limit that is in force: %.', (
      SELECT string_agg(i.item ->> 'text', '; ' ORDER BY i.n) || CASE
        WHEN v_count > c_listed THEN format('; and %s more', v_count - c_listed) ELSE '' END
      FROM jsonb_array_elements(p_lowered) WITH ORDINALITY i (item, n) WHERE i.n <= c_listed)
    USING ERRCODE = 'RG409', DETAIL = jsonb_build_object('lowering', p_lowered)::text, HINT = 'Confirm it with allow_lowering.';
END $$;

COMMENT ON FUNCTION rollgate.refuse_lowering IS
  'Refuses (RG409; DETAIL lists the limits) a change that lowers a limit, unless that is confirmed';

CREATE OR REPLACE FUNCTION rollgate.refuse_retired(p_api text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_retired_at timestamptz;
BEGIN
  SELECT c.retired_at INTO v_retired_at FROM rollgate.catalogue c WHERE c.api = p_api;
  IF v_retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'The API "%" is retired: no application has registered it since %.', p_api, rollgate.utc(v_retired_at)
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_retired IS 'Refuses (RG422) a new custom limit of an API that no application registers any more';

-- An assignment that ended comes back only if the account has no other plan in its remaining time, and within its author's approval limit.
CREATE OR REPLACE FUNCTION rollgate.refuse_second_plan(p_new rollgate.plan_assignment, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_other rollgate.plan_assignment;
BEGIN
  IF NOT rollgate.unexpired(p_new.ends_at, p_now) THEN
    RETURN;
  END IF;
  PERFORM rollgate.settle_assignment(p_new, p_by, p_now);
  SELECT * INTO v_other FROM rollgate.plan_assignment a
  WHERE a.account = p_new.account AND a.id <> p_new.id AND rollgate.in_force(a.starts_at, a.ends_at, greatest(p_new.starts_at, p_now));
  IF found THEN
    RAISE EXCEPTION 'The account has the plan "%" by the assignment %. End that one first.', v_other.plan, v_other.id
      USING ERRCODE = 'RG409';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_second_plan IS
  'Refuses to bring an assignment back. Errors: RG403 above the approval limit, RG409 the account has another plan';

-- An unknown name is probably misspelled. To ignore it would make another change than the requested one.
CREATE OR REPLACE FUNCTION rollgate.refuse_unknown(p_given jsonb, p_known text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_unknown text[] := ARRAY(SELECT k FROM jsonb_object_keys(coalesce(p_given, '{}')) k WHERE k <> ALL (p_known) ORDER BY k);
BEGIN
  IF v_unknown <> '{}' THEN
    RAISE EXCEPTION 'Unknown field: %. Possible fields: %.', array_to_string(v_unknown, ', '), array_to_string(p_known, ', ')
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_unknown IS 'Refuses (RG422) fields other than the given names';

-- An application registers the APIs it uses: a program at its start, or a person from a file. The list replaces the application's
-- earlier list. Edits by admins are kept. With p_missing_only the list adds only APIs that the database does not know and changes
-- nothing else: instances of several releases may run when a database returns from a restart or a backup.
CREATE OR REPLACE FUNCTION rollgate.register_catalogue(
  p_application  text,
  p_apis         jsonb,
  p_by           rollgate.author,
  p_missing_only boolean         DEFAULT false
) RETURNS TABLE (api text, action text, before jsonb, after jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_ledger rollgate.ledger;
  v_given  rollgate.catalogue;
  v_api    text;
  v_apis   text[] := '{}';
BEGIN
  PERFORM rollgate.refuse_bad_catalogue(p_application, p_apis);
  IF NOT rollgate.is_catalogue_new(p_application, p_apis, p_missing_only) THEN
    RETURN; -- nothing new: return without taking the lock
  END IF;
  IF NOT p_missing_only THEN
    -- Before the lock, because an instance with a conflict retries, and after it, because another application may have been faster.
    PERFORM rollgate.refuse_catalogue_conflicts(p_application, p_apis);
  END IF;
  v_ledger := rollgate.open_ledger(true);
  IF NOT p_missing_only THEN
    PERFORM rollgate.refuse_catalogue_conflicts(p_application, p_apis);
  END IF;
  FOR v_given IN SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) LOOP
    CONTINUE WHEN p_missing_only AND EXISTS (SELECT FROM rollgate.catalogue c WHERE c.api = v_given.api);
    RETURN QUERY SELECT p.* FROM rollgate.put_definition(v_given, p_application, p_by, v_ledger) p;
    v_apis := v_apis || v_given.api;
  END LOOP;
  INSERT INTO rollgate.catalogue_owner (application, api, registered_at)
  SELECT p_application, a.api, v_ledger.history_at FROM unnest(v_apis) a (api)
  ON CONFLICT DO NOTHING;
  IF p_missing_only THEN
    RETURN;
  END IF;
  -- The placeholder for the unknown applications of 0.1.0 ends when one of them registers the API.
  DELETE FROM rollgate.catalogue_owner o WHERE o.application = '(before 0.2.0)' AND o.api = ANY (v_apis);
  DELETE FROM rollgate.catalogue_owner o WHERE o.application = p_application AND o.api <> ALL (v_apis);
  FOR v_api IN
    SELECT c.api FROM rollgate.catalogue c
    WHERE c.retired_at IS NULL AND NOT EXISTS (SELECT FROM rollgate.catalogue_owner o WHERE o.api = c.api)
    ORDER BY c.ord
  LOOP
    RETURN QUERY SELECT p.* FROM rollgate.retire_api(v_api, p_application, p_by, v_ledger) p;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.register_catalogue IS
  'Replaces the list of APIs of one application and returns what changed: add, ship, retire, return, each with the definition before '
  'and after. Errors: RGCAT another application registers an API with another definition (DETAIL: a JSON list), RG422 invalid';

-- An instance reports that the database's clock went further ahead than the instance's own monotonic clock. The instance's clock may
-- be the wrong one (a virtual machine that was suspended), so the report alone is not enough. If the database's clock skipped some
-- seconds, no instance called sync_instance in them. A call in one of those seconds refutes the report. With a single instance there is
-- no other evidence, and its report is accepted.
CREATE OR REPLACE FUNCTION rollgate.report_clock_jump(
  p_instance   text,
  p_heard_ms   float8,  -- the last time that the instance got from the database, Unix ms
  p_elapsed_ms float8   -- time since then on the instance's own clock
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_heard timestamptz := to_timestamp(p_heard_ms / 1000);
  v_step  interval := v_now - v_heard - make_interval(secs => p_elapsed_ms / 1000);
BEGIN
  IF p_elapsed_ms < 0 OR v_step < interval '1 second' THEN
    RETURN false;
  END IF;
  -- A jump that is older than a minute window no longer affects one.
  IF NOT EXISTS (
    SELECT FROM (
      SELECT t.at, t.at - lag(t.at) OVER (ORDER BY t.at) AS gap FROM (
        SELECT v_heard AS at
        UNION ALL SELECT s.at FROM rollgate.second_seen s WHERE s.at > v_heard AND s.at < v_now
        UNION ALL SELECT v_now
      ) t
    ) g
    -- Allow 250 ms for the delivery of the answer from which the instance last got the time.
    WHERE g.gap >= v_step - interval '250 milliseconds' AND g.at > v_now - make_interval(secs => rollgate.window_buckets('minute'))
  ) THEN
    RETURN false;
  END IF;
  -- Another instance has just reported the same jump.
  IF NOT EXISTS (SELECT FROM rollgate.quarantine q WHERE q.since > v_heard AND q.since <= v_now AND q.until > v_now) THEN
    PERFORM rollgate.begin_quarantine(format('the database''s clock went %s ms ahead', round(extract(epoch FROM v_step) * 1000)),
      p_instance);
  END IF;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.report_clock_jump IS
  'Begins a quarantine unless calls of other instances refute the jump; returns whether the jump was accepted';

-- p_uses: [{id, at_ms, peak_minute, peak_hour, needed}]
CREATE OR REPLACE FUNCTION rollgate.report_use(p_uses jsonb) RETURNS void
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

COMMENT ON FUNCTION rollgate.report_use IS 'An instance reports which overrides had an effect on calls since its last report';

CREATE OR REPLACE FUNCTION rollgate.request_facts(r rollgate.limit_request) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', r.id, 'account', r.account, 'group', r.group_id, 'api', r.api, 'subject', r.subject,
    'perMinute', r.per_minute, 'perHour', r.per_hour, 'factor', r.factor,
    'until', to_char(r.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', r.reason, 'ticket', r.ticket, 'denialId', r.denial_id, 'askedBy', r.asked_by, 'needsAdmin', r.needs_admin, 'state', r.state,
    'decidedBy', r.decided_by, 'answer', r.answer, 'overrideId', r.override_id, 'version', r.version)
$$;

COMMENT ON FUNCTION rollgate.request_facts IS 'The fields of a limit request that the history shows';

-- What a customer may see of the account's limit requests.
CREATE OR REPLACE FUNCTION rollgate.requests_of(
  p_account text,
  p_id      text   DEFAULT NULL,  -- only this request
  p_denial  text   DEFAULT NULL,  -- only requests for this denial
  p_before  bigint DEFAULT NULL,  -- number of the last request on the previous page
  p_limit   int    DEFAULT 50
) RETURNS TABLE (
  number bigint, id text, account text, group_id text, api text, subject text, per_minute int, per_hour int, factor numeric,
  until timestamptz, reason text, asked_at timestamptz, state text, decided_at timestamptz, answer text, granted_per_minute int,
  granted_per_hour int, granted_factor numeric, granted_until timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.number, r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.factor, r.until, r.reason, r.asked_at,
         r.state, r.decided_at, r.answer, o.per_minute, o.per_hour, o.factor, o.expires_at
  FROM rollgate.limit_request r
  LEFT JOIN rollgate.override o ON o.id = r.override_id
  -- Requests that staff filed are internal and not shown to the customer.
  WHERE r.account = p_account AND r.asked_by LIKE 'account:%' AND (p_id IS NULL OR r.id = p_id)
    AND (p_denial IS NULL OR r.denial_id = p_denial) AND (p_before IS NULL OR r.number < p_before)
  ORDER BY r.number DESC
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.requests_of IS 'An account''s own limit requests with their answers, newest first';

CREATE OR REPLACE FUNCTION rollgate.reset(
  p_lane    int,
  p_subject text,
  p_actor   text DEFAULT NULL  -- the application's name
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  PERFORM rollgate.empty_windows(p_lane, p_subject, NULL, p_actor);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';

-- The lane's lock is held until the transaction ends, so calls of the account wait that long. One history row names what was forgiven.
CREATE OR REPLACE FUNCTION rollgate.reset_by_staff(
  p_lane    int,   -- of the account
  p_account text,
  p_api     text,
  p_subject text,  -- the subject's key; NULL: every subject of the API
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  OUT history_id  bigint,
  OUT subjects    int,     -- whose windows held units
  OUT minute_used bigint,  -- units that counted in the last 60 s
  OUT hour_used   bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Emptying so many takes about 0.1 s.
  c_most constant int := 1000;
  v_keys text[];
  v_all  text := (
    SELECT rollgate.encode_part(p_account) || '/' || CASE c.scope WHEN 'group' THEN '@' || c.group_id ELSE c.api END || '/'
    FROM rollgate.catalogue c WHERE c.api = p_api);
BEGIN
  PERFORM rollgate.refuse_internal(p_account);
  PERFORM rollgate.need_reason(p_reason);
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not reset windows.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  IF v_all IS NULL THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  PERFORM rollgate.open_ledger(false);
  PERFORM rollgate.enter_lanes(p_lane);
  v_keys := ARRAY(
    SELECT l.subject FROM rollgate.list_subjects(p_lane, v_all, '', c_most + 1) l WHERE p_subject IS NULL
    UNION ALL
    SELECT p_subject WHERE starts_with(p_subject, v_all));
  IF cardinality(v_keys) > c_most THEN
    RAISE EXCEPTION 'More than % subjects of % have units. Reset them one by one.', to_char(c_most, 'FM9,999'), p_api
      USING ERRCODE = 'RG422';
  END IF;
  SELECT array_agg(p.subject), count(*), coalesce(sum(u.minute), 0), sum(u.hour) INTO v_keys, subjects, minute_used, hour_used
  FROM rollgate.peek(p_lane, v_keys) p
  CROSS JOIN LATERAL (
    SELECT sum(s.units) AS hour, sum(s.units) FILTER (WHERE s.second > p.now_ms / 1000 - rollgate.window_buckets('minute')) AS minute
    FROM unnest(p.seconds, p.units) s (second, units)
  ) u
  WHERE u.hour > 0;
  IF subjects = 0 THEN
    RAISE EXCEPTION 'No units count in the windows of %.', coalesce(p_subject, v_all) USING ERRCODE = 'RG404';
  END IF;
  history_id := rollgate.record('reset', 'reset', coalesce(p_subject, v_all), p_account, p_by, NULL,
    jsonb_build_object('api', p_api, 'subject', p_subject, 'subjects', subjects, 'minuteUsed', minute_used, 'hourUsed', hour_used),
    btrim(p_reason), nullif(btrim(p_ticket), ''));
  PERFORM rollgate.empty_windows(p_lane, k.key, history_id, p_by.actor) FROM unnest(v_keys) k (key);
END $$;

COMMENT ON FUNCTION rollgate.reset_by_staff IS
  'Empties both windows of one subject, or of every subject of an API of an account, and records it. Errors: RG403, RG404 unknown API or '
  'nothing to forgive, RG422';

-- Restores an expired override.
CREATE OR REPLACE FUNCTION rollgate.restore_override(
  p_id             text,
  p_version        int,          -- the version that the caller has seen; NULL: any
  p_expires_at     timestamptz,  -- NULL: permanent
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  IF rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has not expired.' USING ERRCODE = 'RG409';
  END IF;
  v_new.expires_at := p_expires_at;
  v_new := rollgate.settle_override(v_new, '{"per_minute": null, "per_hour": null}', p_by, v_ledger.history_at);
  lowered := rollgate.lowered_by(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  changed := rollgate.put_override(v_old, v_new, 'restore', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.restore_override IS
  'Restores an expired override, until p_expires_at (NULL: permanent). Errors: RG403, RG404, RG409 not expired, or it lowers a limit '
  'in force, RG412, RG422';

-- Retires an API. Its history, counts and overrides stay, and calls of it are still limited. Requires the ledger's lock.
CREATE OR REPLACE FUNCTION rollgate.retire_api(
  p_api         text,
  p_application text,
  p_by          rollgate.author,
  p_ledger      rollgate.ledger
) RETURNS TABLE (api text, action text, before jsonb, after jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_old rollgate.catalogue;
  v_new rollgate.catalogue;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue c WHERE c.api = p_api;
  UPDATE rollgate.catalogue c
  SET retired_at = p_ledger.history_at, version = c.version + 1, changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at,
      changed_by = p_by.actor
  WHERE c.api = p_api
  RETURNING * INTO v_new;
  api := p_api;
  action := 'retire';
  before := rollgate.catalogue_facts(v_old);
  after := rollgate.catalogue_facts(v_new);
  PERFORM rollgate.record('catalogue', action, api, NULL, p_by, before, after, format('no longer registered by %s', p_application));
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.retire_api IS 'Marks an API as retired: no application registers it any more';

-- Applies the inverse of a change whose item has not changed since. Requires the ledger's lock (rollgate.open_ledger). The caller refuses
-- what is lowered without consent: it can list that for several changes at once.
CREATE OR REPLACE FUNCTION rollgate.revert(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_known  jsonb DEFAULT NULL,  -- what it lowers, for the undo of an override, if the caller knows that; JSON null: nothing
  OUT history_id bigint,
  OUT lowered    jsonb    -- items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN p_done.kind = 'override' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_override(p_done, p_reason, p_by, p_ledger, p_known);
    WHEN p_done.kind = 'catalogue' AND p_done.action IN ('change', 'undo') THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_catalogue(p_done, p_reason, p_by, p_ledger);
    WHEN p_done.kind = 'plan' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_plan(p_done, p_reason, p_by, p_ledger);
    WHEN p_done.kind = 'assignment' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_assignment(p_done, p_reason, p_by, p_ledger);
    ELSE
      RAISE EXCEPTION 'This kind of change can''t be undone.' USING ERRCODE = 'RG422';
  END CASE;
END $$;

COMMENT ON FUNCTION rollgate.revert IS
  'Applies the inverse of the newest change of an item; returns the history row and the limits that it lowers. Errors: RG403, RG409, RG422';

-- As in rollgate.revert. The inverse of an assignment ends it, and gives the account back the plan that it ended.
CREATE OR REPLACE FUNCTION rollgate.revert_assignment(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old   rollgate.plan_assignment;
  v_new   rollgate.plan_assignment;
  v_ended rollgate.history;          -- the change by which the assignment ended the one before it
  v_back  rollgate.plan_assignment;  -- the one before it, as it will be
BEGIN
  PERFORM rollgate.need_limits_role(p_by);
  SELECT * INTO v_old FROM rollgate.plan_assignment WHERE id = p_done.target;
  v_new := v_old;
  IF p_done.before IS NULL THEN
    v_new.ends_at := p_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, p_ledger.history_at - interval '1 microsecond');
    SELECT h.* INTO v_ended FROM rollgate.history h
    WHERE h.id = p_done.id - 1 AND h.kind = 'assignment' AND h.action = 'end' AND h.account = p_done.account AND h.at = p_done.at
      AND rollgate.unexpired((h.before ->> 'endsAt')::timestamptz, p_ledger.history_at);
  ELSE
    v_new.starts_at := p_done.before ->> 'startsAt';
    v_new.ends_at := p_done.before ->> 'endsAt';
    PERFORM rollgate.refuse_second_plan(v_new, p_by, p_ledger.history_at);
  END IF;
  IF v_ended.id IS NULL THEN
    lowered := rollgate.lowered_by_assignment(v_new, p_ledger.history_at);
  ELSE
    IF rollgate.changed_since(v_ended, v_ended.id) IS NOT NULL THEN
      RAISE EXCEPTION 'The assignment before it, %, was changed since.', v_ended.target USING ERRCODE = 'RG409';
    END IF;
    SELECT * INTO v_back FROM rollgate.plan_assignment WHERE id = v_ended.target;
    v_back.ends_at := v_ended.before ->> 'endsAt';
    lowered := rollgate.lowered_by_assignment(v_back, p_ledger.history_at, v_old.id);
  END IF;
  history_id := (rollgate.put_assignment(v_old, v_new, 'undo', p_reason, p_by, p_ledger, p_done.id, lowered)).history_id;
  IF v_ended.id IS NOT NULL THEN
    PERFORM rollgate.revert_assignment(v_ended, p_reason, p_by, p_ledger);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.revert_assignment IS 'Applies the inverse of the newest change of an assignment';

-- As in rollgate.revert.
CREATE OR REPLACE FUNCTION rollgate.revert_catalogue(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_api rollgate.catalogue;
  v_was rollgate.catalogue;
BEGIN
  SELECT * INTO v_api FROM rollgate.catalogue WHERE api = p_done.target;
  v_was := jsonb_populate_record(v_api, jsonb_build_object(
    'per_minute', p_done.before -> 'perMinute', 'per_hour', p_done.before -> 'perHour', 'shadow', p_done.before -> 'shadow'));
  lowered := rollgate.lowered_defaults(v_api, v_was);
  history_id := (rollgate.put_catalogue(v_api, v_was, p_reason, p_done.ticket, p_by, p_ledger, p_done.id, lowered)).history_id;
END $$;

COMMENT ON FUNCTION rollgate.revert_catalogue IS 'Applies the inverse of the newest change of an API''s default limits or mode';

-- As in rollgate.revert. The inverse of a creation expires the override.
CREATE OR REPLACE FUNCTION rollgate.revert_override(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_known  jsonb,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old rollgate.override := rollgate.override_at(p_done.target, NULL);
  v_new rollgate.override := v_old;
BEGIN
  IF p_done.before IS NULL THEN
    v_new.expires_at := p_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, p_ledger.history_at - interval '1 microsecond');
  ELSE
    v_new.per_minute := p_done.before ->> 'perMinute';
    v_new.per_hour := p_done.before ->> 'perHour';
    v_new.factor := p_done.before ->> 'factor';
    v_new.extra_minute := p_done.before ->> 'extraMinute';
    v_new.extra_hour := p_done.before ->> 'extraHour';
    v_new.mode := p_done.before ->> 'mode';
    v_new.starts_at := p_done.before ->> 'startsAt';
    v_new.expires_at := p_done.before ->> 'expiresAt';
    v_new.ticket := p_done.before ->> 'ticket';
  END IF;
  IF rollgate.unexpired(v_new.expires_at, p_ledger.history_at) THEN
    PERFORM rollgate.check_ceiling(v_new, p_by);
    PERFORM rollgate.check_extra_ceiling(v_new, p_by, p_ledger.history_at);
    lowered := CASE WHEN p_known IS NULL THEN rollgate.lowered_by(v_new, p_ledger.history_at) ELSE nullif(p_known, 'null') END;
  ELSE
    PERFORM rollgate.need_limits_role(p_by);
    lowered := CASE WHEN p_known IS NULL THEN rollgate.lowered_by_end(v_old, p_ledger.history_at) ELSE nullif(p_known, 'null') END;
  END IF;
  history_id := (rollgate.put_override(v_old, v_new, 'undo', p_reason, p_by, p_ledger, p_done.id, lowered)).history_id;
END $$;

COMMENT ON FUNCTION rollgate.revert_override IS 'Applies the inverse of the newest change of an override';

-- As in rollgate.revert. A plan is never deleted: the inverse of a creation retires it and removes its limits, so that no account has
-- other limits by it.
CREATE OR REPLACE FUNCTION rollgate.revert_plan(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old    rollgate.plan := rollgate.plan_at(p_done.target);
  v_new    rollgate.plan := v_old;
  v_limits jsonb := '[]';
BEGIN
  IF p_done.before IS NULL THEN
    v_new.retired_at := p_ledger.history_at;
  ELSE
    v_new.title := p_done.before ->> 'title';
    v_new.description := p_done.before ->> 'description';
    v_new.retired_at := p_done.before ->> 'retiredAt';
    SELECT coalesce(jsonb_agg(jsonb_build_object('group_id', l.row -> 'group', 'api', l.row -> 'api', 'per_minute', l.row -> 'perMinute',
      'per_hour', l.row -> 'perHour', 'factor', l.row -> 'factor')), '[]')
    INTO v_limits FROM jsonb_array_elements(p_done.before -> 'limits') l (row);
  END IF;
  SELECT (p.changed).history_id, p.lowered INTO history_id, lowered
  FROM rollgate.put_plan(v_old, v_new, v_limits, p_reason, p_by, p_ledger, p_done.id) p;
END $$;

COMMENT ON FUNCTION rollgate.revert_plan IS 'Applies the inverse of the newest change of a plan';

-- Adds up a day from its hours, for the p_limit series after p_after. Returns the last one; NULL: the day is done.
CREATE OR REPLACE FUNCTION rollgate.roll_up_day(
  p_day   date,
  p_after int,
  p_limit int
) RETURNS int
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_start timestamptz := p_day::timestamp AT TIME ZONE 'UTC';
  v_end   timestamptz := (p_day + 1)::timestamp AT TIME ZONE 'UTC';
  v_to    int := (SELECT max(p.id) FROM (SELECT s.id FROM rollgate.usage_series s WHERE s.id > p_after ORDER BY s.id LIMIT p_limit) p);
BEGIN
  INSERT INTO rollgate.usage_day AS d (series, day, admitted, denied, shadow, outage, peak_minute, peak_hour, minutes_denied)
  SELECT s.id, p_day, sum(h.admitted), sum(h.denied), sum(h.shadow), sum(h.outage), max(h.peak_minute), max(h.peak_hour),
         sum(h.minutes_denied)
  FROM rollgate.usage_series s JOIN rollgate.usage_hour h ON h.series = s.id AND h.hour >= v_start AND h.hour < v_end
  WHERE s.id > p_after AND s.id <= v_to
  GROUP BY s.id
  ON CONFLICT (series, day) DO UPDATE
  SET admitted = excluded.admitted, denied = excluded.denied, shadow = excluded.shadow, outage = excluded.outage,
      peak_minute = excluded.peak_minute, peak_hour = excluded.peak_hour, minutes_denied = excluded.minutes_denied;
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_day IS
  'Adds up one page of a day''s usage from its hours; returns where the page ends; NULL: the day is done';

-- Adds up the denials of a sealed hour from p_from on, up to the minute in which p_limit events are reached, and returns the minute to
-- continue from. The first call of an hour clears what an earlier roll-up of it has left.
CREATE OR REPLACE FUNCTION rollgate.roll_up_denials(
  p_hour  timestamptz,
  p_from  timestamptz,
  p_limit int
) RETURNS timestamptz
LANGUAGE plpgsql SET enable_mergejoin = off
AS $$
DECLARE
  v_to timestamptz;
BEGIN
  IF p_from = p_hour THEN
    -- Before the events are read: one that arrives after this is noted again.
    DELETE FROM rollgate.usage_late l WHERE l.hour = p_hour;
    UPDATE rollgate.usage_hour u SET denied = 0, shadow = 0, outage = 0, minutes_denied = 0
    WHERE u.hour = p_hour AND (u.denied > 0 OR u.shadow > 0 OR u.outage > 0);
    DELETE FROM rollgate.denial_hour d WHERE d.hour = p_hour;
  END IF;
  SELECT greatest(date_trunc('minute', e.first_at), p_from + interval '1 minute') INTO v_to
  FROM rollgate.limit_event_row e
  WHERE e.first_at >= p_from AND e.first_at < p_hour + interval '1 hour'
  ORDER BY e.first_at OFFSET p_limit LIMIT 1;
  v_to := coalesce(v_to, p_hour + interval '1 hour');

  WITH events AS MATERIALIZED (
    SELECT e.account, k.api,
           -- Events that combine subjects do not name the scope.
           CASE WHEN e.subject <> '*' THEN split_part(e.subject, '/', 2)
                WHEN c.scope = 'group' THEN '@' || c.group_id ELSE k.api END AS scope,
           k.window_name, k.mode, coalesce(e.source, 'default') AS source, date_trunc('minute', e.first_at) AS minute, count(*) AS events,
           sum(e.count) AS calls, sum(coalesce(e.units, e.count::bigint * e.cost)) AS units
    FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class LEFT JOIN rollgate.catalogue c ON c.api = k.api
    WHERE e.first_at >= p_from AND e.first_at < v_to AND k.kind = 'denied'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ),
  named AS (
    SELECT e.account, e.scope AS api FROM events e UNION SELECT e.account, e.api FROM events e UNION SELECT '', e.api FROM events e
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api, prefix)
    SELECT n.account, n.api, rollgate.encode_part(n.account) || '/' FROM named n
    WHERE NOT EXISTS (SELECT FROM rollgate.usage_series s WHERE s.account = n.account AND s.api = n.api)
    RETURNING id, account, api
  ),
  series AS MATERIALIZED (
    SELECT s.id, s.account, s.api FROM named n JOIN rollgate.usage_series s ON s.account = n.account AND s.api = n.api
    UNION ALL
    SELECT a.id, a.account, a.api FROM added a
  ),
  counted AS (
    INSERT INTO rollgate.usage_hour AS u (series, hour, denied, shadow, outage, minutes_denied)
    SELECT s.id, p_hour, coalesce(sum(e.units) FILTER (WHERE e.mode = 'enforced'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode = 'shadow'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode IN ('fallback_denied', 'fallback_allowed')), 0),
           count(DISTINCT e.minute) FILTER (WHERE e.mode = 'enforced')
    FROM events e JOIN series s ON s.account = e.account AND s.api = e.scope
    GROUP BY s.id
    ON CONFLICT (series, hour) DO UPDATE
    SET denied = u.denied + excluded.denied, shadow = u.shadow + excluded.shadow, outage = u.outage + excluded.outage,
        minutes_denied = u.minutes_denied + excluded.minutes_denied
  )
  INSERT INTO rollgate.denial_hour AS d (series, hour, window_name, mode, source, calls, units, events)
  SELECT s.id, p_hour, e.window_name, e.mode, v.source, sum(e.calls), sum(e.units), sum(e.events)
  FROM events e
  CROSS JOIN LATERAL (VALUES (e.account, e.source), (CASE WHEN NOT rollgate.is_internal(e.account) THEN '' END, '')) AS v (account, source)
  JOIN series s ON s.account = v.account AND s.api = e.api
  GROUP BY 1, 3, 4, 5
  ON CONFLICT (series, hour, window_name, mode, source) DO UPDATE
  SET calls = d.calls + excluded.calls, units = d.units + excluded.units, events = d.events + excluded.events;
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_denials IS 'Adds up a part of a sealed hour''s denials; returns the minute to continue from';

-- Does one page of the roll-up's present stage, and writes where to continue. The transaction ends before the next page if nothing is due,
-- if something else must end first, or if the seal of an hour must be committed.
CREATE OR REPLACE FUNCTION rollgate.roll_up_page(
  p_keep_days int,
  p_now       timestamptz,
  p_rows      int,
  OUT did     text,     -- as in rollgate.roll_up_step
  OUT held_up boolean,  -- something else must end first
  OUT ends    boolean   -- the transaction must end before the next page
)
LANGUAGE plpgsql AS $$
DECLARE
  v rollgate.roll_up;
BEGIN
  SELECT * INTO v FROM rollgate.roll_up;
  held_up := false;
  ends := false;
  CASE v.stage
    WHEN 'waiting' THEN
      did := rollgate.begin_stage(v, p_keep_days, p_now);
      ends := did IS NULL OR EXISTS (SELECT FROM rollgate.roll_up r WHERE r.stage = 'sealing');
      IF did = 'held up' THEN
        did := NULL;
        held_up := true;
        ends := true;
      END IF;
    WHEN 'sealing' THEN
      held_up := NOT rollgate.hour_is_sealed(v);
      ends := held_up;
      did := CASE WHEN NOT held_up THEN 'sealed ' || rollgate.utc(v.hour) END;
    WHEN 'units' THEN
      did := 'units';
      v.subject := rollgate.roll_up_units(v.hour, v.lane, v.subject, p_rows);
      UPDATE rollgate.roll_up r
      SET lane = CASE WHEN v.subject IS NULL THEN v.lane + 1 ELSE v.lane END, subject = coalesce(v.subject, ''),
          stage = CASE WHEN v.subject IS NULL AND v.lane = 63 THEN 'denials' ELSE 'units' END;
    WHEN 'denials' THEN
      did := 'denials';
      v.minute := rollgate.roll_up_denials(v.hour, v.minute, p_rows * 10);
      UPDATE rollgate.roll_up SET minute = v.minute;
      IF v.minute = v.hour + interval '1 hour' THEN
        PERFORM rollgate.end_hour(v);
      END IF;
    WHEN 'day' THEN
      did := 'day';
      v.series := rollgate.roll_up_day(v.day, v.series, p_rows);
      UPDATE rollgate.roll_up r
      SET series = v.series, stage = CASE WHEN v.series IS NULL THEN 'waiting' ELSE 'day' END,
          days_to = CASE WHEN v.series IS NULL THEN greatest(r.days_to, v.day + 1) ELSE r.days_to END;
  END CASE;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_page IS 'Does one page of the roll-up; called only by rollgate.roll_up_step';

-- Takes refunds of rolled hours off the sums. Peaks stay: they were reached.
CREATE OR REPLACE FUNCTION rollgate.roll_up_refunds(p_rolled_to timestamptz) RETURNS int
LANGUAGE sql VOLATILE AS $$
  WITH gone AS (
    DELETE FROM rollgate.usage_refund f WHERE f.minute < rollgate.hour_number(p_rolled_to) * 60 RETURNING f.*
  ),
  refunded AS MATERIALIZED (
    SELECT s.id AS series, date_trunc('hour', to_timestamp(g.minute * 60::float8), 'UTC') AS hour, sum(g.units) AS units
    FROM gone g
    JOIN rollgate.usage_series s ON s.account = rollgate.decode_part(split_part(g.subject, '/', 1))
      AND s.api = split_part(g.subject, '/', 2)
    GROUP BY 1, 2
  ),
  hours AS (
    UPDATE rollgate.usage_hour u SET admitted = u.admitted - r.units FROM refunded r WHERE u.series = r.series AND u.hour = r.hour
  ),
  days AS (
    UPDATE rollgate.usage_day u SET admitted = u.admitted - r.units
    FROM (SELECT f.series, (f.hour AT TIME ZONE 'UTC')::date AS day, sum(f.units) AS units FROM refunded f GROUP BY 1, 2) r
    WHERE u.series = r.series AND u.day = r.day
  )
  SELECT count(*)::int FROM gone
$$;

COMMENT ON FUNCTION rollgate.roll_up_refunds IS
  'Takes refunds of hours before p_rolled_to off usage by hour and by day; returns how many there were';

-- One step of the roll-up, a transaction of its own that works for p_ms (at least one page). Call it again until it reports nothing done;
-- after a downtime that is hour by hour. An hour is rolled up two minutes after its end, when the instances have written its events; what
-- arrives later is followed in a later step.
--
-- For each hour: seal it, wait for the decisions that were under way, add up the units of each lane, add up the denials. Where to continue
-- is written with the sums, in one transaction, so each page counts once.
CREATE OR REPLACE FUNCTION rollgate.roll_up_step(
  p_keep_days    int,                       -- how long usage by hour is kept
  p_keep_seconds int,                       -- how long finished minutes are kept
  p_now          timestamptz DEFAULT NULL,
  p_rows         int DEFAULT 2000,          -- rows of a page
  p_ms           int DEFAULT 100,
  OUT did       text,         -- e.g. 'sealed 2026-01-01 09:00:00 UTC; units; denials'; NULL: nothing to do
  OUT held_up   boolean,      -- another session is doing it, or something has not ended yet: try again later
  OUT rolled_to timestamptz   -- hours before this one are complete
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := coalesce(p_now, clock_timestamp());
  v_until timestamptz := clock_timestamp() + p_ms * interval '1 millisecond';
  v_page  record;
  v_last  text;
BEGIN
  held_up := NOT pg_try_advisory_xact_lock(7610, 0);
  IF held_up THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM rollgate.roll_up) THEN
    PERFORM rollgate.begin_roll_up(p_keep_seconds, v_now);
    did := 'began';
  END IF;
  LOOP
    v_page := rollgate.roll_up_page(p_keep_days, v_now, p_rows);
    IF v_page.did <> coalesce(v_last, '') THEN
      v_last := v_page.did;
      did := concat_ws('; ', did, v_last);
    END IF;
    EXIT WHEN v_page.ends OR clock_timestamp() > v_until;
  END LOOP;
  held_up := v_page.held_up AND did IS NULL;
  UPDATE rollgate.roll_up SET stepped_at = CASE WHEN held_up THEN stepped_at ELSE v_now END RETURNING rolled_to INTO rolled_to;
EXCEPTION
  WHEN lock_not_available THEN
    did := NULL;
    held_up := true;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_step IS
  'One step of adding up usage by hour and by day; call it until it reports nothing done';

-- Adds up the units of a sealed hour, for one page of the subjects of a lane that follow p_after. Returns the last subject of the page;
-- NULL: the lane is done. A page ends after about p_limit rows of either table, always with a whole subject.
--
-- A finished minute is in rollgate.bucket, or still in the head row of an idle subject. Both are read in one statement, because a head
-- may be archived between two. The minutes of the hour before are read as well: the windows of this hour begin in them.
-- The account and the API of p_after may continue on this page. Their row is added to; all others are replaced, so that a page that is
-- done again counts once.
CREATE OR REPLACE FUNCTION rollgate.roll_up_units(
  p_hour  timestamptz,
  p_lane  int,
  p_after text,
  p_limit int
) RETURNS text
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_minute    int := rollgate.hour_number(p_hour) * 60;
  v_first     int := v_minute * 60;
  v_to        text COLLATE "C";
  v_continued int;
BEGIN
  SELECT min(s.subject) INTO v_to FROM (
    (SELECT b.subject FROM rollgate.bucket b
     WHERE b.lane = p_lane AND b.subject > p_after AND b.minute BETWEEN v_minute - 60 AND v_minute + 59
     ORDER BY b.subject, b.minute OFFSET p_limit LIMIT 1)
    UNION ALL
    (SELECT c.subject FROM rollgate.counter c
     WHERE c.lane = p_lane AND c.subject > p_after AND c.minute BETWEEN v_minute - 60 AND v_minute + 59
     ORDER BY c.subject OFFSET p_limit LIMIT 1)
  ) s;
  IF v_to IS NULL THEN
    SELECT max(s.subject) INTO v_to FROM (
      (SELECT b.subject FROM rollgate.bucket b WHERE b.lane = p_lane AND b.subject > p_after ORDER BY b.subject DESC LIMIT 1)
      UNION ALL
      (SELECT c.subject FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject > p_after ORDER BY c.subject DESC LIMIT 1)
    ) s;
    IF v_to IS NULL THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT s.id INTO v_continued FROM rollgate.usage_series s
  WHERE s.account = rollgate.decode_part(split_part(p_after, '/', 1)) AND s.api = split_part(p_after, '/', 2);

  WITH seconds AS (
    SELECT m.subject, m.minute * 60 + x.sec AS second, x.sum - coalesce(m.sums[x.place - 1], 0) AS units
    FROM rollgate.minutes_on_record m CROSS JOIN LATERAL unnest(m.secs, m.sums) WITH ORDINALITY AS x (sec, sum, place)
    WHERE m.lane = p_lane AND m.subject > p_after AND m.subject <= v_to AND m.minute BETWEEN v_minute - 60 AND v_minute + 59
  ),
  windows AS (
    SELECT s.subject, s.second, s.units,
           sum(s.units) OVER (PARTITION BY s.subject ORDER BY s.second
             RANGE BETWEEN rollgate.window_buckets('minute') - 1 PRECEDING AND CURRENT ROW) AS in_minute,
           sum(s.units) OVER (PARTITION BY s.subject ORDER BY s.second
             RANGE BETWEEN rollgate.window_buckets('hour') - 1 PRECEDING AND CURRENT ROW) AS in_hour
    FROM seconds s
  ),
  rolled AS MATERIALIZED (
    SELECT rollgate.decode_part(split_part(w.subject, '/', 1)) AS account, split_part(w.subject, '/', 2) AS api, sum(w.units) AS units,
           least(max(w.in_minute), 2147483647)::int AS in_minute, least(max(w.in_hour), 2147483647)::int AS in_hour
    FROM windows w
    WHERE w.second >= v_first AND w.units > 0
    GROUP BY 1, 2
  ),
  known AS (
    SELECT r.*, s.id FROM rolled r LEFT JOIN rollgate.usage_series s ON s.account = r.account AND s.api = r.api
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api, prefix)
    SELECT k.account, k.api, rollgate.encode_part(k.account) || '/' FROM known k WHERE k.id IS NULL RETURNING id, account, api
  ),
  -- In the snapshot that has read the minutes: refunds that it has not seen are left for later.
  followed AS (
    DELETE FROM rollgate.usage_refund f
    WHERE f.lane = p_lane AND f.subject > p_after AND f.subject <= v_to AND f.minute BETWEEN v_minute AND v_minute + 59
  )
  INSERT INTO rollgate.usage_hour AS u (series, hour, admitted, peak_minute, peak_hour)
  SELECT coalesce(k.id, a.id), p_hour, k.units, k.in_minute, k.in_hour
  FROM known k LEFT JOIN added a ON a.account = k.account AND a.api = k.api
  ON CONFLICT (series, hour) DO UPDATE
  SET admitted    = excluded.admitted + CASE WHEN u.series = v_continued THEN u.admitted ELSE 0 END,
      peak_minute = greatest(excluded.peak_minute, CASE WHEN u.series = v_continued THEN u.peak_minute END),
      peak_hour   = greatest(excluded.peak_hour, CASE WHEN u.series = v_continued THEN u.peak_hour END);
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_units IS
  'Adds up one page of a lane''s units in a sealed hour; returns where the page ends; NULL: the lane is done';

-- Whether a program and this database work together. A migration that programs depend on raises `version`. A migration that breaks
-- older programs also raises `serves`, the lowest version that a program may be written for.
CREATE OR REPLACE FUNCTION rollgate.schema_version(OUT version int, OUT serves int)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 2, 2
$$;

COMMENT ON FUNCTION rollgate.schema_version IS
  'The version of the schema, and the lowest version that a program may be written for to work with it';

-- Whether the scope of an override or a limit request contains an API. Its subject, if it has one, is compared separately. Inlined.
CREATE OR REPLACE FUNCTION rollgate.scope_covers(
  p_scope_group text,  -- NULL: it is not for one group
  p_scope_api   text,  -- NULL: it is not for one API
  p_group       text,
  p_api         text
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_scope_api IS NULL OR p_scope_api = p_api) AND (p_scope_group IS NULL OR p_scope_group = p_group)
$$;

COMMENT ON FUNCTION rollgate.scope_covers IS 'Whether a scope (an account, one group or one API) contains an API; inlined';

-- Seals the hour that begins at p_hour: from now on no unit is counted in it, and a limit event of it is noted as late.
--
-- Lanes: later decisions use the end of the hour as their least time (rollgate.lane), whatever the clock does. A decision that is under
-- way may not have seen that, so the caller waits until the transactions that hold a lane's lock now have ended (lane_holders). No lane is
-- waited for.
-- Events: rollgate.write_events holds a shared lock on the hour from before it reads sealed_to until it ends. Returns false while one does.
CREATE OR REPLACE FUNCTION rollgate.seal_hour(p_hour timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_end timestamptz := p_hour + interval '1 hour';
BEGIN
  IF NOT pg_try_advisory_xact_lock(7609, rollgate.hour_number(p_hour)) THEN
    RETURN false;
  END IF;
  INSERT INTO rollgate.lane AS l SELECT g, extract(epoch FROM v_end) FROM generate_series(0, 63) g
  ON CONFLICT (lane) DO UPDATE SET swept_to = excluded.swept_to WHERE l.swept_to < excluded.swept_to;
  UPDATE rollgate.roll_up SET sealed_to = v_end, hour = p_hour, stage = 'sealing', blockers = NULL;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.seal_hour IS
  'Ends the counting of units and events in an hour; false: events of it are being written, try again';

-- Returns the second in which unit number p_unit was granted. Only denials need it.
CREATE OR REPLACE FUNCTION rollgate.second_of(
  p_lane        int,
  p_subject     text,
  p_unit        bigint,
  p_from_minute int      -- the first minute to search
) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT m.minute * 60 + m.secs[width_bucket((p_unit - 1 - m.start)::int, m.sums) + 1]
  FROM rollgate.minutes_on_record m
  WHERE m.lane = p_lane AND m.subject = p_subject AND m.minute >= p_from_minute
    AND m.start < p_unit AND m.start + m.sums[cardinality(m.sums)] >= p_unit
  ORDER BY m.minute DESC
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.second_of IS 'The second in which a numbered unit of a subject was granted; searches from p_from_minute on';

-- Changes whenever transaction IDs or counts may have gone back: after a promotion, a restored backup, or storage reverted to a
-- snapshot, each of which includes a start of Postgres, and after a crash, which loses the commits that had not reached the disk.
-- Postgres restarts itself when one of its processes crashes. Its start time stays the same then, but its statistics are reset.
CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws('/', rollgate.server_place(), extract(epoch FROM pg_postmaster_start_time()),
                   extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()))
$$;

COMMENT ON FUNCTION rollgate.server_life IS
  'The server''s place, start and last crash; what an instance knows is valid only while this stays the same';

-- Identifies the server and timeline of this database. NULL on a standby, which has no timeline of its own.
CREATE OR REPLACE FUNCTION rollgate.server_place() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' ||
    (SELECT oid FROM pg_database WHERE datname = current_database())
  END
$$;

COMMENT ON FUNCTION rollgate.server_place IS 'System identifier, timeline and database; changes after a promotion or a restored backup';

-- What an instance needs to know of the server before it decides: its clock, whether usage counts may be incomplete, and
-- whether it is still the same one.
CREATE OR REPLACE FUNCTION rollgate.server_state()
RETURNS TABLE (now_ms float8, quarantine_since_ms float8, quarantine_left_ms float8, quarantine_reason text, life text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT extract(epoch FROM t.now)::float8 * 1000, extract(epoch FROM q.since)::float8 * 1000,
         extract(epoch FROM q.until - t.now)::float8 * 1000, q.reason, rollgate.server_life()
  FROM (SELECT clock_timestamp() AS now) t LEFT JOIN rollgate.quarantine_in_force() q ON true
$$;

COMMENT ON FUNCTION rollgate.server_state IS 'The server''s clock and the quarantine in force (NULL: none), and its life';

-- `setsExtra` in libs/limiter/src/policy/resolve.ts is the same rule. Inlined.
CREATE OR REPLACE FUNCTION rollgate.sets_extra(p_extra_minute int, p_extra_hour int) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_extra_minute IS NOT NULL OR p_extra_hour IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.sets_extra IS 'Whether an override sets extra units; inlined';

-- An override that sets only a mode does not affect the limits. `setsLimit` in libs/limiter/src/policy/resolve.ts is the same rule; a
-- test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.sets_limit(p_per_minute int, p_per_hour int, p_factor numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_per_minute IS NOT NULL OR p_per_hour IS NOT NULL OR p_factor IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.sets_limit IS 'Whether an override sets limits, or a factor of the defaults; inlined';

-- Refuses an assignment that is invalid or above its author's approval limit: each limit of the plan counts like an override as long as
-- the assignment.
CREATE OR REPLACE FUNCTION rollgate.settle_assignment(p_new rollgate.plan_assignment, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_later rollgate.plan_assignment;
  v_limit rollgate.plan_limit;
  v_as    rollgate.override;
BEGIN
  PERFORM rollgate.refuse_internal(p_new.account);
  IF NOT rollgate.unexpired(p_new.ends_at, p_now) THEN
    RAISE EXCEPTION 'ends_at: % is in the past.', rollgate.utc(p_new.ends_at) USING ERRCODE = 'RG422';
  END IF;
  IF p_new.ends_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  SELECT * INTO v_later FROM rollgate.plan_assignment a
  WHERE a.account = p_new.account AND a.id IS DISTINCT FROM p_new.id
    AND a.starts_at >= p_new.starts_at AND (p_new.ends_at IS NULL OR a.starts_at < p_new.ends_at)
    AND rollgate.unexpired(a.ends_at, p_now)
  ORDER BY a.starts_at LIMIT 1;
  IF found THEN
    RAISE EXCEPTION 'The account has the plan "%" from % on. End that assignment, or let this one end by then.', v_later.plan,
      rollgate.utc(v_later.starts_at) USING ERRCODE = 'RG409';
  END IF;
  v_as.account := p_new.account;
  v_as.expires_at := p_new.ends_at;
  PERFORM rollgate.check_ceiling(v_as, p_by);
  FOR v_limit IN SELECT l.* FROM rollgate.plan_limit l JOIN rollgate.least_default d
    ON d.group_id IS NOT DISTINCT FROM l.group_id AND d.api IS NOT DISTINCT FROM l.api WHERE l.plan = p_new.plan
  LOOP
    v_as.group_id := v_limit.group_id;
    v_as.api := v_limit.api;
    v_as.per_minute := v_limit.per_minute;
    v_as.per_hour := v_limit.per_hour;
    v_as.factor := v_limit.factor;
    PERFORM rollgate.check_ceiling(v_as, p_by);
  END LOOP;
  PERFORM rollgate.check_assigned_ceiling(p_new, p_by, p_now);
END $$;

COMMENT ON FUNCTION rollgate.settle_assignment IS
  'Refuses an assignment. Errors: RG403 above the approval limit, RG404, RG409 a later assignment, RG422';

-- Refuses an override that is invalid or above its author's approval limit.
CREATE OR REPLACE FUNCTION rollgate.settle_override(
  p_new   rollgate.override,
  p_given jsonb,        -- as in rollgate.fill_override
  p_by    rollgate.author,
  p_now   timestamptz
) RETURNS rollgate.override
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_whole record;
BEGIN
  PERFORM rollgate.refuse_internal(p_new.account);
  IF NOT rollgate.unexpired(p_new.expires_at, p_now) THEN
    RAISE EXCEPTION 'expires_at: % is in the past.', rollgate.utc(p_new.expires_at) USING ERRCODE = 'RG422';
  END IF;
  IF p_new.expires_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  IF NOT rollgate.sets_limit(p_new.per_minute, p_new.per_hour, p_new.factor) AND p_new.mode IS NULL
    AND NOT rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour) THEN
    RAISE EXCEPTION 'Set at least one of: per-minute limit, per-hour limit, factor, extra units, mode.' USING ERRCODE = 'RG422';
  END IF;
  IF p_new.factor IS NOT NULL AND (p_new.per_minute IS NOT NULL OR p_new.per_hour IS NOT NULL) THEN
    RAISE EXCEPTION 'Set either a factor or limits, not both.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.refuse_factor(p_new.factor);
  IF rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour) THEN
    IF rollgate.sets_limit(p_new.per_minute, p_new.per_hour, p_new.factor) THEN
      RAISE EXCEPTION 'Set either extra units, or limits or a factor, not both.' USING ERRCODE = 'RG422';
    END IF;
    IF NOT (coalesce(p_new.extra_minute, 1) BETWEEN 1 AND 1000000000 AND coalesce(p_new.extra_hour, 1) BETWEEN 1 AND 1000000000) THEN
      RAISE EXCEPTION 'Extra units must be from 1 to 1,000,000,000.' USING ERRCODE = 'RG422';
    END IF;
    IF p_new.expires_at IS NULL THEN
      RAISE EXCEPTION 'Extra units need an end date.' USING ERRCODE = 'RG422';
    END IF;
  END IF;
  v_whole := rollgate.fill_override(p_new, p_given, p_now);
  PERFORM rollgate.check_ceiling(v_whole.approved, p_by);
  PERFORM rollgate.check_extra_ceiling(v_whole.filled, p_by, p_now);
  RETURN v_whole.filled;
END $$;

COMMENT ON FUNCTION rollgate.settle_override IS
  'An override with what it leaves out filled in. Errors: RG403 above the approval limit, RG404, RG422';

CREATE OR REPLACE FUNCTION rollgate.shipped_definition(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(c.title, c.group_id, c.group_title, c.level, c.scope, c.shipped_per_minute, c.shipped_per_hour, c.message)
$$;

COMMENT ON FUNCTION rollgate.shipped_definition IS 'What applications register of an API: everything except edits by admins';

-- Requires the ledger's lock (rollgate.open_ledger). The assignment that is in force at its start ends there.
CREATE OR REPLACE FUNCTION rollgate.store_assignment(
  p_new     rollgate.plan_assignment,  -- from rollgate.new_assignment
  p_lowered jsonb,                     -- items of rollgate.lowering
  p_by      rollgate.author,
  p_ledger  rollgate.ledger
) RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new   rollgate.plan_assignment;
  v_old   rollgate.plan_assignment;
  v_ended rollgate.plan_assignment;
BEGIN
  FOR v_old IN SELECT * FROM rollgate.plan_assignment a
    WHERE a.account = p_new.account AND rollgate.in_force(a.starts_at, a.ends_at, p_new.starts_at)
  LOOP
    v_ended := v_old;
    v_ended.ends_at := p_new.starts_at;
    PERFORM rollgate.put_assignment(v_old, v_ended, 'end', p_new.reason, p_by, p_ledger);
  END LOOP;
  INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, ends_at, reason, ticket,
    created_by, created_at, changed_at, changed_in)
  VALUES (p_new.id, p_new.account, p_new.plan, p_new.starts_at, p_new.ends_at,
    p_new.reason, p_new.ticket, p_new.created_by, p_new.created_at, p_new.changed_at, p_ledger.policy_version)
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('assignment', 'assign', v_new.id, v_new.account, p_by, NULL,
    rollgate.assignment_facts(v_new) || rollgate.lowered_facts(p_lowered) || rollgate.backdated_facts(v_new.starts_at, v_new.created_at),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.plan_assignment SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.store_assignment IS
  'Stores a new assignment, ends the one before it, and records both; returns it as it is now';

-- Requires the ledger's lock (rollgate.open_ledger).
CREATE OR REPLACE FUNCTION rollgate.store_override(
  p_new     rollgate.override,  -- from rollgate.new_override
  p_lowered jsonb,              -- items of rollgate.lowering
  p_by      rollgate.author
) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, factor, extra_minute, extra_hour, mode,
    starts_at, expires_at, reason, ticket, created_by, created_at, changed_at, request_id, created_in, changed_in)
  VALUES (p_new.id, p_new.account, p_new.group_id, p_new.api, p_new.subject, p_new.per_minute, p_new.per_hour, p_new.factor,
    p_new.extra_minute, p_new.extra_hour, p_new.mode, p_new.starts_at, p_new.expires_at, p_new.reason, p_new.ticket, p_new.created_by,
    p_new.created_at, p_new.changed_at, p_new.request_id, p_new.created_in, p_new.changed_in)
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('override', 'create', v_new.id, v_new.account, p_by, NULL,
    rollgate.override_facts(v_new) || rollgate.lowered_facts(p_lowered) || rollgate.backdated_facts(v_new.starts_at, v_new.created_at),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.override SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.store_override IS 'Stores a new override and records that; returns it as it is now';

-- One small step of the janitor in one lane. It checks up to p_limit heads after p_after and removes the idle ones, then as many
-- finished minutes after (p_bucket_subject, p_bucket_minute) and removes those past their retention.
-- It never waits: if the lane is in use it returns `busy`, and the janitor retries. It returns the position to continue from; NULL:
-- that table is done. Minutes of the APIs in rollgate.retention are kept longer, and so are minutes that the roll-up has not added up yet:
-- as long as it runs, and for a day after it was last running. `unrolled` counts those that are removed without having been added up.
CREATE OR REPLACE FUNCTION rollgate.sweep(
  p_lane           int,
  p_head_after     text,                     -- continue after this head; NULL: no heads
  p_bucket_subject text,                     -- continue after this finished minute; NULL: no finished minutes
  p_bucket_minute  int,
  p_limit          int,
  p_keep_seconds   int,                      -- how long finished minutes are kept
  p_now            timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (busy boolean, heads int, buckets int, head_after text, bucket_subject text, bucket_minute int, unrolled int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_second   int;
  v_rolled   int; -- the first minute that is not added up; NULL: there is no roll-up
  v_kept     int; -- the first minute that is kept for the roll-up
  v_unrolled int;
  v_swept    bigint;
  v_apis     text[];  -- APIs whose minutes are kept longer …
  v_seconds  int[];   -- … and how long
BEGIN
  IF p_keep_seconds < rollgate.least_keep_seconds() THEN
    RAISE EXCEPTION 'rollgate keeps finished minutes for at least % seconds, not %', rollgate.least_keep_seconds(), p_keep_seconds
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT rollgate.try_lane(p_lane) THEN
    RETURN QUERY SELECT true, 0, 0, p_head_after, p_bucket_subject, p_bucket_minute, 0;
    RETURN;
  END IF;
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM coalesce(p_now, clock_timestamp()))), v_swept);
  -- Read apart, because on Citus the statements below run on the server that has the lane.
  SELECT array_agg(r.api), array_agg(r.keep_seconds) INTO v_apis, v_seconds FROM rollgate.retention r;
  SELECT rollgate.hour_number(r.rolled_to) * 60,
         CASE WHEN r.stepped_at >= to_timestamp(v_second) - interval '1 hour' THEN rollgate.hour_number(r.rolled_to) * 60
              ELSE greatest(rollgate.hour_number(r.rolled_to) * 60, v_second / 60 - 1440) END
  INTO v_rolled, v_kept FROM rollgate.roll_up r;
  v_kept := coalesce(v_kept, v_second / 60);
  busy := false;
  head_after := NULL;
  bucket_subject := NULL;
  bucket_minute := NULL;
  heads := 0;
  buckets := 0;
  unrolled := 0;
  IF p_head_after IS NOT NULL THEN
    WITH page AS (
      SELECT c.subject, c.minute FROM rollgate.counter c
      WHERE c.lane = p_lane AND c.subject > p_head_after ORDER BY c.subject LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.counter c USING page
      WHERE c.lane = p_lane AND c.subject = page.subject AND page.minute < least((v_second - rollgate.least_keep_seconds()) / 60, v_kept)
      RETURNING page.minute
    )
    SELECT g.rows, g.unrolled, CASE WHEN p.rows = p_limit THEN p.last END INTO heads, unrolled, head_after
    FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE gone.minute >= v_rolled) AS unrolled FROM gone) g,
         (SELECT count(*) AS rows, max(page.subject) AS last FROM page) p;
  END IF;
  IF p_bucket_subject IS NOT NULL THEN
    WITH page AS (
      SELECT b.subject, b.minute FROM rollgate.bucket b
      WHERE b.lane = p_lane AND (b.subject, b.minute) > (p_bucket_subject, p_bucket_minute)
      ORDER BY b.subject, b.minute LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.bucket b USING page
      WHERE b.lane = p_lane AND b.subject = page.subject AND b.minute = page.minute
        -- The windows of an hour that is not added up begin in the hour before.
        AND page.minute < least((v_second - p_keep_seconds) / 60, v_kept - 60)
        AND NOT EXISTS (
          SELECT FROM unnest(v_apis, v_seconds) AS r (api, keep_seconds)
          WHERE r.api = split_part(page.subject, '/', 2) AND page.minute >= (v_second - r.keep_seconds) / 60)
      RETURNING page.minute
    ), last AS (
      SELECT page.subject, page.minute FROM page ORDER BY page.subject DESC, page.minute DESC LIMIT 1
    )
    SELECT g.rows, g.unrolled, last.subject, last.minute INTO buckets, v_unrolled, bucket_subject, bucket_minute
    FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE gone.minute >= v_rolled) AS unrolled FROM gone) g
    CROSS JOIN (SELECT count(*) AS looked_at FROM page) p LEFT JOIN last ON p.looked_at = p_limit;
    unrolled := unrolled + v_unrolled;
  END IF;
  IF heads > 0 OR buckets > 0 THEN
    INSERT INTO rollgate.lane AS l VALUES (p_lane, v_second)
    ON CONFLICT (lane) DO UPDATE SET swept_to = greatest(l.swept_to, excluded.swept_to);
  END IF;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sweep IS
  'One small step of the janitor in one lane: removes idle heads and old finished minutes, without waiting for the lane''s lock';

-- Removes rows that every connected instance has read. Rows of transactions that an open snapshot may still treat as running are
-- kept, so that a long transaction does not look like missing rows at every poll.
CREATE OR REPLACE FUNCTION rollgate.sweep_freed(p_keep interval DEFAULT interval '5 minutes') RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM rollgate.freed f
    WHERE f.at < clock_timestamp() - p_keep AND f.xact < pg_snapshot_xmin(pg_current_snapshot())
       OR f.xact >= pg_snapshot_xmax(pg_current_snapshot()) -- from a restored dump of another server
    RETURNING 1
  )
  SELECT count(*)::int FROM gone
$$;

COMMENT ON FUNCTION rollgate.sweep_freed IS 'Removes old rows of rollgate.freed; instances that have not read them notice';

-- Returns what an instance needs to know since the version it has. Each instance calls it about once a second. Without p_instance
-- nothing is written: the caller only reads.
CREATE OR REPLACE FUNCTION rollgate.sync_instance(
  p_instance   text,
  p_name       text,
  p_version    bigint,             -- the version of overrides and catalogue that the instance has; 0: none
  p_mode       text,
  p_mode_since timestamptz,        -- NULL: since its first report
  p_life       text DEFAULT NULL,  -- from the last answer; NULL: no earlier answer
  p_counted    int  DEFAULT NULL,  -- number of instances the caller divides by; NULL: it has no share
  p_reason     text DEFAULT NULL   -- why the mode is not normal
) RETURNS TABLE (
  now_ms              float8,
  version             bigint,
  whole               boolean,  -- the following are all in force, not only those that changed since p_version
  overrides           jsonb,    -- NULL: nothing changed
  apis                jsonb,
  plans               jsonb,
  assignments         jsonb,
  quarantine_since_ms float8,
  quarantine_left_ms  float8,
  quarantine_reason   text,
  life                text,     -- rollgate.server_life
  instances           int       -- rollgate.count_instances
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_since bigint := p_version;
BEGIN
  IF p_instance IS NOT NULL THEN
    PERFORM rollgate.note_server(p_instance);
    PERFORM rollgate.note_second(v_now);
  END IF;
  life := rollgate.server_life();
  SELECT l.policy_version INTO version FROM rollgate.ledger l;
  -- After a restart or a change of server, versions may have gone back and risen again: the same number may mean another state. Send
  -- everything in that case.
  IF p_version > version OR life <> p_life THEN
    v_since := 0;
  END IF;
  whole := v_since = 0;
  IF p_instance IS NOT NULL THEN
    INSERT INTO rollgate.instance AS i (id, name, started_at, seen_at, policy_version, mode, mode_since, counted, mode_reason)
    VALUES (p_instance, p_name, v_now, v_now, p_version, p_mode, coalesce(p_mode_since, v_now), p_counted, p_reason)
    ON CONFLICT (id) DO UPDATE SET seen_at = v_now, policy_version = p_version, mode = p_mode,
      mode_since = coalesce(p_mode_since, i.mode_since), mode_reason = p_reason
    WHERE i.policy_version <> p_version OR i.mode <> p_mode OR i.mode_reason IS DISTINCT FROM p_reason
      OR i.seen_at NOT BETWEEN v_now - interval '2 seconds' AND v_now;
    DELETE FROM rollgate.instance i WHERE i.seen_at NOT BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute';
    instances := rollgate.count_instances(p_instance, p_counted);
  END IF;
  IF v_since <> version OR whole THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'account', o.account, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
        'perMinute', o.per_minute, 'perHour', o.per_hour, 'factor', o.factor, 'extraMinute', o.extra_minute, 'extraHour', o.extra_hour,
        'mode', o.mode, 'startsAtMs', extract(epoch FROM o.starts_at) * 1000,
        'expiresAtMs', extract(epoch FROM o.expires_at) * 1000, 'order', o.created_in)), '[]')
    INTO overrides
    FROM rollgate.override o
    WHERE o.changed_in > v_since AND (NOT whole OR rollgate.unexpired(o.expires_at, v_now)) AND NOT rollgate.is_internal(o.account);
    SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'title', c.title, 'group', c.group_id, 'groupTitle', c.group_title,
        'level', c.level, 'scope', c.scope, 'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
        'message', c.message, 'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow,
        'retired', c.retired_at IS NOT NULL) ORDER BY c.ord), '[]')
    INTO apis
    FROM rollgate.catalogue c
    WHERE c.changed_in > v_since;
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'limits', rollgate.plan_facts(p) -> 'limits')), '[]') INTO plans
    FROM rollgate.plan p
    WHERE p.changed_in > v_since;
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'account', a.account, 'plan', a.plan,
        'startsAtMs', extract(epoch FROM a.starts_at) * 1000, 'endsAtMs', extract(epoch FROM a.ends_at) * 1000)), '[]')
    INTO assignments
    FROM rollgate.plan_assignment a
    WHERE a.changed_in > v_since AND (NOT whole OR rollgate.unexpired(a.ends_at, v_now));
  END IF;
  SELECT s.now_ms, s.quarantine_since_ms, s.quarantine_left_ms, s.quarantine_reason
  INTO now_ms, quarantine_since_ms, quarantine_left_ms, quarantine_reason
  FROM rollgate.server_state() s;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sync_instance IS
  'An instance reports that it runs (p_instance NULL: the caller only reads), and gets what changed since p_version (0: all in force): '
  'overrides, plans, assignments and whole definitions of APIs; also the quarantine, and the number of instances';

-- Takes a lane's lock until the end of the transaction, if it is free. The janitor never waits for a decision.
CREATE OR REPLACE FUNCTION rollgate.try_lane(p_lane int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_try_advisory_xact_lock(7605, p_lane);
END $$;

COMMENT ON FUNCTION rollgate.try_lane IS 'Takes a lane''s lock until the end of the transaction, without waiting; false: it is in use';

-- Applies the inverse of one change, if the item has not changed since. Undoing the creation of an override expires it, as its name
-- implies; any other undo that lowers a limit needs p_allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.undo(
  p_history_id     bigint,  -- the change to undo
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT history_id bigint,  -- of this change
  OUT lowered    jsonb    -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_done   rollgate.history;
BEGIN
  SELECT * INTO v_done FROM rollgate.history WHERE id = p_history_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no change %.', p_history_id USING ERRCODE = 'RG404';
  END IF;
  IF rollgate.changed_since(v_done, p_history_id) IS NOT NULL THEN
    RAISE EXCEPTION 'A later change exists. Undo the newest change first.' USING ERRCODE = 'RG409';
  END IF;
  SELECT r.history_id, r.lowered INTO history_id, lowered FROM rollgate.revert(v_done, p_reason, p_by, v_ledger) r;
  IF rollgate.undo_needs_consent(v_done) THEN
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.undo IS
  'Applies the inverse of the newest change of an override, an API, a plan or an assignment. Errors: RG403, RG404, RG409 changed since, '
  'or it lowers a limit in force, RG422';

-- Applies the inverses of all changes of a batch, newest first, as a new batch; all of them or none.
-- Generic plans, as in rollgate.import_overrides.
CREATE OR REPLACE FUNCTION rollgate.undo_batch(
  p_batch          text,
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT batch         text,   -- of the changes by this undo
  OUT changes       int,    -- their number
  OUT lowered       jsonb,  -- the first of the limits that they lower: items of rollgate.lowering, whose text begins with the account
  OUT lowered_count int
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  c_listed   constant int := 100;
  c_own      constant text[] := '{id,account,reason,ticket,createdBy,requestId,version}';  -- facts that set no limit
  v_ledger   rollgate.ledger := rollgate.open_batch(NULL);
  v_done     rollgate.history;
  v_lowered  jsonb;
  v_items    jsonb;
  v_consents int := 0;
  v_case     text;           -- of the change: what its undo lowers depends on this alone
  v_last     text;           -- of the change before it; most changes of an import differ only in the account
  v_known    jsonb;          -- what the undo of that one lowered
BEGIN
  PERFORM rollgate.refuse_changed_batch(p_batch);
  batch := v_ledger.batch;
  lowered := '[]';
  lowered_count := 0;
  FOR v_done IN SELECT * FROM rollgate.history h WHERE h.batch = p_batch ORDER BY h.id DESC LOOP
    -- The undo of an assignment has also undone the end of the one before it.
    CONTINUE WHEN EXISTS (SELECT FROM rollgate.history h
      WHERE h.kind = v_done.kind AND h.target = v_done.target AND h.id > v_done.id AND h.undoes = v_done.id AND h.batch = v_ledger.batch);
    v_case := CASE WHEN v_done.kind = 'override' THEN jsonb_build_array(rollgate.policy_of(v_done.account, v_ledger.history_at),
      v_done.before - c_own, v_done.after - c_own)::text END;
    v_lowered := (rollgate.revert(v_done, p_reason, p_by, v_ledger, CASE WHEN v_case = v_last THEN v_known END)).lowered;
    v_last := v_case;
    v_known := coalesce(v_lowered, 'null');
    v_ledger.policy_version := v_ledger.policy_version + 1;
    CONTINUE WHEN v_lowered IS NULL;
    lowered_count := lowered_count + jsonb_array_length(v_lowered);
    IF rollgate.undo_needs_consent(v_done) THEN
      v_consents := v_consents + jsonb_array_length(v_lowered);
    END IF;
    IF jsonb_array_length(lowered) < c_listed THEN
      SELECT jsonb_agg(i.item || jsonb_build_object('text', concat_ws(': ', v_done.account, i.item ->> 'text')) ORDER BY i.n)
      INTO v_items FROM jsonb_array_elements(v_lowered) WITH ORDINALITY i (item, n)
      WHERE i.n <= c_listed - jsonb_array_length(lowered);
      lowered := lowered || v_items;
    END IF;
  END LOOP;
  IF v_consents > 0 THEN
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering, lowered_count);
  END IF;
  PERFORM rollgate.close_batch(v_ledger.policy_version);
  SELECT count(*) INTO changes FROM rollgate.history h WHERE h.batch = v_ledger.batch;
END $$;

COMMENT ON FUNCTION rollgate.undo_batch IS
  'Applies the inverses of all changes of a batch, as a new batch. Errors: RG403, RG404, RG409 an item of it was changed since, or it '
  'lowers a limit in force, RG422';

CREATE OR REPLACE FUNCTION rollgate.undo_needs_consent(p_done rollgate.history) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT (p_done.kind = 'override' AND p_done.before IS NULL)
$$;

COMMENT ON FUNCTION rollgate.undo_needs_consent IS
  'Whether limits that the undo of a change lowers need a confirmation. That the undo of a new override ends it is its name';

-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.unexpired(
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.in_force('-infinity', p_expires_at, p_at)
$$;

COMMENT ON FUNCTION rollgate.unexpired IS 'Whether an override is in force at p_at, or will be; inlined';

-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_by_second(
  p_lanes   int[],
  p_subject text,
  p_cleared bigint,  -- units up to this number were forgiven by a reset, and are left out
  p_from    int,     -- Unix seconds, both included
  p_to      int
) RETURNS TABLE (second int, units bigint)
LANGUAGE sql STABLE AS $$
  SELECT u.second, u.units
  FROM rollgate.minutes_on_record m
  CROSS JOIN LATERAL rollgate.units_of_minute(m.minute, m.start, m.secs, m.sums, p_cleared) u
  WHERE m.lane = ANY (p_lanes) AND m.subject = p_subject AND m.minute BETWEEN p_from / 60 AND p_to / 60
    AND u.second BETWEEN p_from AND p_to
$$;

COMMENT ON FUNCTION rollgate.units_by_second IS 'Units of a subject on record in a span of time, by second; inlined';

-- Returns the seconds of one minute on record that have units which a reset has not forgiven. Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_of_minute(
  p_minute  int,
  p_start   bigint,      -- these three as in rollgate.minutes_on_record
  p_secs    smallint[],
  p_sums    int[],
  p_cleared bigint       -- units up to this number were forgiven by a reset, and are left out
) RETURNS TABLE (second int, units bigint)
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_minute * 60 + x.sec, least(x.sum - coalesce(p_sums[x.place - 1], 0), p_start + x.sum - p_cleared)
  FROM unnest(p_secs, p_sums) WITH ORDINALITY AS x (sec, sum, place)
  WHERE x.sum > coalesce(p_sums[x.place - 1], 0) AND p_start + x.sum > p_cleared
$$;

COMMENT ON FUNCTION rollgate.units_of_minute IS 'Units of one minute on record, by second; inlined';

-- Returns the units of a minute up to and including second `sec`, which may be -1. Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_until(
  secs smallint[],  -- the minute's seconds with units …
  sums int[],       -- … and its units up to and including each of them
  sec  smallint
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(sums[width_bucket(sec, secs)], 0)
$$;

COMMENT ON FUNCTION rollgate.units_until IS 'Units of a minute up to a second of it; inlined';

-- Reads every head: a second for 100,000 live subjects.
CREATE OR REPLACE FUNCTION rollgate.usage_at(p_at timestamptz)
RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.live_usage(p_at, NULL, false, NULL)
$$;

COMMENT ON FUNCTION rollgate.usage_at IS
  'Both windows of every subject that has units, at p_at (NULL: now) or at its newest grant, whichever is later';

-- Units by minute and scope in the last hour, for a chart.
CREATE OR REPLACE FUNCTION rollgate.usage_by_minute(
  p_lane   int,
  p_prefix text,                       -- the account's key and a slash
  p_now    timestamptz DEFAULT NULL    -- NULL: now
) RETURNS TABLE (minute int, scope text, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT m.minute, split_part(m.subject, '/', 2), sum(m.sums[cardinality(m.sums)])
  FROM rollgate.minutes_on_record m
  WHERE m.lane = p_lane
    -- '0' follows '/' in the order of keys.
    AND m.subject >= p_prefix AND m.subject < left(p_prefix, -1) || '0' COLLATE "C"
    AND m.minute > floor(extract(epoch FROM coalesce(p_now, clock_timestamp())) / 60)::int - 60
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

COMMENT ON FUNCTION rollgate.usage_by_minute IS 'Units granted to an account, by minute and API, in the last 60 minutes';

-- Units granted by second since p_since, for subjects whose key starts with p_prefix.
CREATE OR REPLACE FUNCTION rollgate.usage_by_second(
  p_lane   int,
  p_prefix text,
  p_since  timestamptz
) RETURNS TABLE (subject text, second int, units int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT m.subject, m.minute * 60 + x.sec, x.sum - coalesce(m.sums[x.place - 1], 0)
  FROM rollgate.minutes_on_record m CROSS JOIN LATERAL unnest(m.secs, m.sums) WITH ORDINALITY AS x (sec, sum, place)
  WHERE m.lane = p_lane AND m.subject >= p_prefix AND starts_with(m.subject, p_prefix)
    -- An upper bound: no text that starts with the prefix sorts after it.
    AND m.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
    AND m.minute >= floor(extract(epoch FROM p_since) / 60)::int
$$;

COMMENT ON FUNCTION rollgate.usage_by_second IS
  'Units granted by second since p_since (as far back as finished minutes are kept), for the subjects of a key prefix';

-- Reads the heads of one account, by their key.
CREATE OR REPLACE FUNCTION rollgate.usage_of(
  p_account text,
  p_at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.live_usage(p_at, ARRAY[p_account], false, NULL) WHERE p_account IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.usage_of IS 'Both windows of every subject of an account that has units, like rollgate.usage_at';

CREATE OR REPLACE FUNCTION rollgate.utc(p_at timestamptz, p_format text DEFAULT 'YYYY-MM-DD HH24:MI:SS') RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', p_format) || ' UTC'
$$;

COMMENT ON FUNCTION rollgate.utc IS 'A time as text in UTC, for messages';

-- p_field: -1 for the last dimension of the subject, -2 for the one before it. Inlined, so that it finds the indexes of
-- rollgate.limit_event_row.
CREATE OR REPLACE FUNCTION rollgate.value_hash(p_subject text, p_field int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT hashtext(split_part(split_part(p_subject, ',', p_field), '=', -1))
$$;

COMMENT ON FUNCTION rollgate.value_hash IS
  'Hash of the value of one of a subject''s last two dimensions; of the whole subject if it has none';

-- Inlined, so that it finds the index of rollgate.counter. There are 65,536 hashes: an index of more would grow for ever with values
-- that occur once, because GIN never forgets a key.
CREATE OR REPLACE FUNCTION rollgate.value_hashes(p_subject text) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN strpos(p_subject, ',') = 0 THEN ARRAY[hashtext(split_part(p_subject, '=', -1)) & 65535]
    ELSE ARRAY[hashtext(split_part(split_part(p_subject, ',', -1), '=', -1)) & 65535,
               hashtext(split_part(split_part(p_subject, ',', -2), '=', -1)) & 65535,
               hashtext(split_part(split_part(p_subject, ',', -3), '=', -1)) & 65535] END
$$;

COMMENT ON FUNCTION rollgate.value_hashes IS 'Short hashes of the values of a subject''s last three dimensions';

-- Returns the first row that differs from when it was written; NULL: there is none.
CREATE OR REPLACE FUNCTION rollgate.verify_history(
  OUT rows_checked bigint,
  OUT last_hash    text,
  OUT broken_id    bigint,
  OUT broken_why   text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH noted AS (SELECT history_id, history_hash FROM rollgate.ledger),
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
    SELECT noted.history_id, 'rows at the end are missing, or were added past the ledger'
    FROM noted
    LEFT JOIN LATERAL (SELECT id, hash FROM walked ORDER BY id DESC LIMIT 1) last ON true
    WHERE (noted.history_id, noted.history_hash) IS DISTINCT FROM (coalesce(last.id, 0), coalesce(last.hash, ''))
    ORDER BY 1
    LIMIT 1
  )
  SELECT (SELECT count(*) FROM walked), (SELECT history_hash FROM noted), (SELECT id FROM broken), (SELECT why FROM broken)
$$;

COMMENT ON FUNCTION rollgate.verify_history IS 'Checks the history''s hash chain; names the first row that breaks it';

-- Returns a window's base: the number of the newest unit that no longer counts, for a window that begins in the second after `before` of
-- the given minute. The usage of the window is the total minus this base. The second in which the window begins still counts, which makes
-- the oldest bucket of rollgate.window_buckets. Inlined.
CREATE OR REPLACE FUNCTION rollgate.window_base(
  cleared bigint,      -- number of the newest unit that a reset has forgiven
  start   bigint,      -- total at the start of the minute in which the window begins
  secs    smallint[],  -- that minute's seconds with units …
  sums    int[],       -- … and its units up to and including each of them
  before  smallint     -- the second before the window (-1 to 58)
) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(cleared, start + rollgate.units_until(secs, sums, before), 0)
$$;

COMMENT ON FUNCTION rollgate.window_base IS 'Number of the newest unit that a window no longer counts; inlined';

-- Returns how many one-second buckets a window counts: the current second, the whole seconds before it, and the oldest second, of which
-- the window may cover only a part. A unit granted in second s therefore leaves the minute window in second s + 61, and a window at
-- second s counts the seconds after s - 61. With 60 buckets, 60 real seconds could contain twice the limit. Inlined.
CREATE OR REPLACE FUNCTION rollgate.window_buckets(p_window text) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window WHEN 'hour' THEN 3601 ELSE 61 END
$$;

COMMENT ON FUNCTION rollgate.window_buckets IS 'Number of one-second buckets in a window, minute or hour; inlined';

-- What fills a window that ends at p_at. Later resets are ignored.
-- In plpgsql, which keeps its plan: with a new plan per call, 1,000 events took 370 ms instead of 45.
CREATE OR REPLACE FUNCTION rollgate.window_filling(
  p_lane    int,         -- NULL: unknown
  p_subject text,
  p_window  text,        -- minute or hour
  p_at      timestamptz
) RETURNS int[]
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_second  int := floor(extract(epoch FROM p_at));
  v_oldest  int := v_second + 1 - rollgate.window_buckets(p_window);
  v_step    int := CASE p_window WHEN 'hour' THEN 60 ELSE 1 END;
  v_lanes   int[] := rollgate.lanes_of(p_lane);
  v_cleared bigint := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = p_subject AND f.at > p_at) THEN
    SELECT coalesce(max(c.cleared), 0) INTO v_cleared
    FROM rollgate.counter c WHERE c.lane = ANY (v_lanes) AND c.subject = p_subject;
  END IF;
  RETURN (
    SELECT array_agg(x.value ORDER BY f.at, x.place)
    FROM (
      SELECT u.second / v_step * v_step AS at, sum(u.units)::int AS units
      FROM rollgate.units_by_second(v_lanes, p_subject, v_cleared, v_oldest, v_second) u
      GROUP BY 1
    ) f
    CROSS JOIN LATERAL (VALUES (1, f.at), (2, f.units)) x (place, value));
END $$;

COMMENT ON FUNCTION rollgate.window_filling IS
  'What fills a subject''s window that ends at p_at: Unix second and units, alternating, for the hour by minutes; NULL: nothing on record';

-- The rule for one window. `limitsWithExtra` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two. Extra units
-- do not lift a block. Inlined, if p_limit is a column of a subquery with OFFSET 0.
CREATE OR REPLACE FUNCTION rollgate.with_extra(
  p_limit int,  -- what applies without extra units
  p_extra int   -- extra units; NULL: none
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_limit > 0 THEN least(p_limit + coalesce(p_extra, 0), 1000000000) ELSE p_limit END
$$;

COMMENT ON FUNCTION rollgate.with_extra IS 'One window''s limit with extra units; 0 stays 0; at most 1,000,000,000; inlined';

-- Writes events of instances. Each is an object with the columns of rollgate.limit_event (without dimensions and filled), with times as
-- Unix ms: first_ms, last_ms, retry_ms. An event that is already stored (same first_at and id) is left unchanged, so a batch may be sent
-- again. Returns how many are new.
CREATE OR REPLACE FUNCTION rollgate.write_events(p_events jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_day         date;
  v_hour        int;
  v_class       int;
  v_many_routes boolean;
  v_written     int;
BEGIN
  FOR v_day IN
    SELECT DISTINCT (to_timestamp(e.first_ms / 1000) AT TIME ZONE 'UTC')::date FROM jsonb_to_recordset(p_events) AS e (first_ms float8)
  LOOP
    PERFORM rollgate.make_event_day(v_day);
  END LOOP;
  -- Held until the events are visible: rollgate.seal_hour does not seal an hour meanwhile.
  FOR v_hour IN
    SELECT DISTINCT floor(e.first_ms / 3600000)::int FROM jsonb_to_recordset(p_events) AS e (first_ms float8)
  LOOP
    PERFORM pg_advisory_xact_lock_shared(7609, v_hour);
  END LOOP;
  v_many_routes := rollgate.note_event_classes(p_events);
  -- At most one event per subject, window and minute records what filled the window, however many instances write at once.
  -- Subjects without such an event are locked, by hash class in ascending order, and checked again below.
  FOR v_class IN
    SELECT DISTINCT hashtext(e.subject) & 63
    FROM jsonb_to_recordset(p_events) AS e (subject text, kind text, window_name text, first_ms float8)
    WHERE e.kind = 'denied'
      AND NOT rollgate.is_filling_noted(e.subject, e.window_name, to_timestamp(floor(e.first_ms / 60000) * 60))
    ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(7608, v_class);
  END LOOP;
  WITH given AS MATERIALIZED (
    SELECT e.*, to_timestamp(e.first_ms / 1000) AS first_at, floor(e.first_ms / 60000) * 60 AS minute,
           rollgate.event_class_key(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
             CASE WHEN NOT v_many_routes THEN e.route END) COLLATE "C" AS class_key
    FROM jsonb_to_recordset(p_events) AS e (
      id text, kind text, account text, api text, group_id text, level text[], subject text, lane int, window_name text, per_minute int,
      per_hour int, used int, cost int, source text, policy_version int, mode text, first_ms float8, last_ms float8, count int,
      units bigint, instance text, route text, request_id text, retry_ms float8, merged text)
  ),
  first AS MATERIALIZED (
    SELECT DISTINCT ON (t.subject, t.window_name, t.minute) t.id, t.lane, t.subject, t.window_name, t.first_at
    FROM given t
    WHERE t.kind = 'denied' AND t.subject <> '*' AND t.mode IN ('enforced', 'shadow')
      AND NOT rollgate.is_filling_noted(t.subject, t.window_name, to_timestamp(t.minute))
    ORDER BY t.subject, t.window_name, t.minute, t.first_at, t.id
  ),
  written AS (
    INSERT INTO rollgate.limit_event_row (id, account, subject, lane, class, instance, per_minute, per_hour, used, cost, source,
      policy_version, first_at, last_at, count, units, route, request_id, retry_at, filled)
    SELECT t.id, t.account, t.subject, t.lane, k.id, i.id, t.per_minute, t.per_hour, t.used, t.cost, nullif(t.source, 'default'),
      t.policy_version, t.first_at, to_timestamp(t.last_ms / 1000), t.count, nullif(t.units, t.count::bigint * t.cost),
      CASE WHEN v_many_routes THEN t.route END, t.request_id, to_timestamp(t.retry_ms / 1000),
      CASE WHEN f.id IS NOT NULL THEN rollgate.window_filling(f.lane, f.subject, f.window_name, f.first_at) END
    FROM given t
    LEFT JOIN rollgate.event_class k ON k.key = t.class_key
    LEFT JOIN rollgate.event_instance i ON i.name = t.instance COLLATE "C"
    LEFT JOIN first f ON f.id = t.id
    ON CONFLICT (first_at, id) DO NOTHING
    RETURNING first_at
  ),
  late AS (
    INSERT INTO rollgate.usage_late
    SELECT DISTINCT date_trunc('hour', w.first_at, 'UTC') FROM written w JOIN rollgate.roll_up r ON w.first_at < r.sealed_to
  )
  SELECT count(*) INTO v_written FROM written;
  RETURN v_written;
END $$;

COMMENT ON FUNCTION rollgate.write_events IS 'Writes limit events of instances, which may be sent repeatedly; returns how many were new';

-- GENERATED by migrations/lane-form.ts from rollgate.acquire_cold: the decision of one lane, on rows.
CREATE OR REPLACE FUNCTION rollgate.decide_lane(
  p_lane       int,
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_second     int,
  p_heads      rollgate.counter[],  -- the heads of the subjects
  p_minutes    rollgate.bucket[],   -- finished minutes of the subjects: of the last hour and of the minute before it
  OUT item         int[],  -- these are as in rollgate.acquire
  OUT granted      int[],
  OUT minute_used  int[],
  OUT hour_used    int[],
  OUT minute_reset int[],
  OUT hour_reset   int[],
  OUT retry_at     int[],
  OUT second       int[],
  OUT archived     rollgate.bucket[],   -- rows to add …
  OUT updated      rollgate.counter[],  -- … to write over the stored ones …
  OUT added        rollgate.counter[]   -- … and to add
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Two items of one subject would each count from the same total, and one grant would be lost.
  IF cardinality(p_subjects) > 1 AND (
    SELECT count(*) <> count(DISTINCT asked.subject COLLATE "C") FROM unnest(p_subjects) AS asked (subject)
  ) THEN
    RAISE EXCEPTION 'rollgate.acquire_lane: the batch contains a subject twice' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- Each stage adds columns to the one before. OFFSET 0 keeps a stage separate: merged into the next, its expressions would be
  -- compiled and run for each use of a column.
  --
  -- Stage 1: each item with the stored head of its subject (old_…; NULL: there is none), and the time at which it is decided.
  WITH minutes AS (
    SELECT b.subject, b.minute, b.start, b.secs, b.sums FROM unnest(p_minutes) b
    UNION ALL
    SELECT h.subject, h.minute, h.total - h.sums[cardinality(h.sums)], h.secs, h.sums FROM unnest(p_heads) h
  ),
  found AS (
    SELECT asked.place, p_lane AS lane, asked.subject, asked.cost, asked.calls, asked.per_minute, asked.per_hour,
           clock.second, clock.second / 60 AS minute, (clock.second % 60)::smallint AS sec,
           (clock.second % 60 - 1)::smallint AS before,
           head.lane AS old_row, head.minute < clock.second / 60 AS stale, head.minute AS old_minute, head.total, head.cleared,
           head.total - head.sums[cardinality(head.sums)] AS old_start, head.secs AS old_secs, head.sums AS old_sums,
           head.prev_start AS old_prev_start, head.prev_secs AS old_prev_secs, head.prev_sums AS old_prev_sums,
           head.hour_start AS old_hour_start, head.hour_secs AS old_hour_secs, head.hour_sums AS old_hour_sums,
           head.hour_next AS old_hour_next
    FROM unnest(p_subjects, p_costs, p_calls, p_per_minute, p_per_hour) WITH ORDINALITY
         AS asked (subject, cost, calls, per_minute, per_hour, place)
    LEFT JOIN unnest(p_heads) head ON head.subject = asked.subject
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (SELECT greatest(p_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) clock
    OFFSET 0
  ),
  -- Stage 2: the head as it is at the minute of the decision. Only a stale head is recomputed.
  moved AS (
    SELECT found.place, found.lane, found.subject, found.cost, found.calls, found.per_minute, found.per_hour,
           found.second, found.minute, found.sec, found.before,
           found.old_row, found.stale, found.old_minute, found.old_start, found.old_secs, found.old_sums,
           coalesce(total, 0) AS total, coalesce(cleared, 0) AS cleared,
           CASE WHEN NOT stale THEN old_start ELSE total END AS start,
           CASE WHEN NOT stale THEN old_secs END AS secs,
           CASE WHEN NOT stale THEN old_sums END AS sums,
           CASE WHEN NOT stale THEN old_prev_start WHEN old_minute = found.minute - 1 THEN old_start ELSE total END AS prev_start,
           CASE WHEN NOT stale THEN old_prev_secs WHEN old_minute = found.minute - 1 THEN old_secs ELSE '{}' END AS prev_secs,
           CASE WHEN NOT stale THEN old_prev_sums WHEN old_minute = found.minute - 1 THEN old_sums ELSE '{}' END AS prev_sums,
           CASE WHEN NOT stale THEN old_hour_start WHEN old_minute < found.minute - 60 THEN total
                ELSE coalesce(first_archived.start, old_start) END AS hour_start,
           CASE WHEN NOT stale THEN old_hour_secs WHEN old_minute = found.minute - 60 THEN old_secs
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.secs ELSE '{}' END AS hour_secs,
           CASE WHEN NOT stale THEN old_hour_sums WHEN old_minute = found.minute - 60 THEN old_sums
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.sums ELSE '{}' END AS hour_sums,
           CASE WHEN NOT stale THEN old_hour_next WHEN old_minute > found.minute - 60 THEN coalesce(next_counted.second,
                old_minute * 60 + rollgate.oldest_second(cleared, old_start, old_secs, old_sums)) END AS hour_next
    FROM found
    -- The first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT minute, start, secs, sums FROM unnest(p_minutes)
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute >= found.minute - 60
      ORDER BY minute LIMIT 1
    ) first_archived ON true
    -- The oldest second with counted units after the minute an hour ago.
    LEFT JOIN LATERAL (
      SELECT minute * 60 + rollgate.oldest_second(found.cleared, start, secs, sums) AS second FROM unnest(p_minutes)
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute > found.minute - 60
        AND sums[cardinality(sums)] > greatest(found.cleared - start, 0)
      ORDER BY minute LIMIT 1
    ) next_counted ON true
    OFFSET 0
  ),
  -- Stage 3: what each window no longer counts.
  counted AS (
    SELECT moved.*,
           rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, before) AS minute_base,
           rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, before) AS hour_base
    FROM moved
    OFFSET 0
  ),
  -- Stage 4: the decision.
  decided AS MATERIALIZED (
    SELECT counted.*, fitting.granted, fitting.granted * cost AS units,
           -- A new subject has no starts.
           rollgate.is_near(total + fitting.granted * cost, coalesce(prev_start, 0), per_minute, coalesce(hour_start, 0), per_hour) AS near
    FROM counted
    CROSS JOIN LATERAL (
      SELECT least(calls, greatest(0, rollgate.free_units(total, minute_base, per_minute, hour_base, per_hour) / cost))::int AS granted
      OFFSET 0
    ) fitting
  ),
  -- What is granted is written: the finished minute of a stale head, the head, and the heads of new subjects.
  archived (lane, subject, minute, start, secs, sums) AS (
    SELECT lane, subject, old_minute, old_start, old_secs, old_sums FROM decided WHERE units > 0 AND stale
  ),
  -- Within one minute only the newest second changes. WAL records what differs, whatever is assigned.
  updated AS (
    SELECT decided.subject, decided.minute AS minute,
           decided.total + decided.units AS total,
           CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec THEN decided.secs ELSE decided.secs || decided.sec END AS secs,
           CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec
                 THEN decided.sums[:cardinality(decided.sums) - 1] ELSE decided.sums END
               || (decided.total + decided.units - decided.start)::int AS sums,
           decided.prev_start AS prev_start,
           decided.prev_secs AS prev_secs,
           decided.prev_sums AS prev_sums,
           decided.hour_start AS hour_start,
           decided.hour_secs AS hour_secs,
           decided.hour_sums AS hour_sums,
           decided.hour_next AS hour_next,
           CASE WHEN decided.near THEN decided.second / 3600 ELSE head.near_hour END AS near_hour
    FROM decided JOIN unnest(p_heads) head ON head.subject = decided.subject
    WHERE decided.units > 0
  ),
  added (lane, subject, minute, total, secs, sums, prev_start, hour_start, near_hour) AS (
    SELECT lane, subject, minute, units, ARRAY[sec], ARRAY[units], 0, 0, CASE WHEN near THEN decided.second / 3600 END
    FROM decided WHERE units > 0 AND old_row IS NULL
  ),
  -- The answers. minute_reset and hour_reset are of the oldest used unit: of the minute in which the window begins, of a minute
  -- between, of this minute, or of this very grant.
  answered AS (
    SELECT place::int AS place, decided.second, decided.granted,
           (total - minute_base)::int AS minute_used,
           (total - hour_base)::int AS hour_used,
           rollgate.window_buckets('minute') + coalesce(
             (minute - 1) * 60 + rollgate.oldest_second(minute_base, prev_start, prev_secs, prev_sums),
             minute * 60 + rollgate.oldest_second(minute_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS minute_reset,
           rollgate.window_buckets('hour') + coalesce(
             (minute - 60) * 60 + rollgate.oldest_second(hour_base, hour_start, hour_secs, hour_sums),
             hour_next,
             minute * 60 + rollgate.oldest_second(hour_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS hour_reset,
           CASE WHEN decided.granted < calls AND cost <= least(per_minute, per_hour) THEN greatest(
             rollgate.window_buckets('minute') + CASE
               WHEN leaving.minute_unit > total THEN decided.second
               WHEN leaving.minute_unit > minute_base THEN (
                 SELECT m.minute * 60 + m.secs[width_bucket((leaving.minute_unit - 1 - m.start)::int, m.sums) + 1]
                 FROM minutes m
                 WHERE m.subject = decided.subject AND m.minute >= decided.minute - 60
                   AND m.start < leaving.minute_unit AND m.start + m.sums[cardinality(m.sums)] >= leaving.minute_unit
                 ORDER BY m.minute DESC
                 LIMIT 1) END,
             rollgate.window_buckets('hour') + CASE
               WHEN leaving.hour_unit > total THEN decided.second
               WHEN leaving.hour_unit > hour_base THEN (
                 SELECT m.minute * 60 + m.secs[width_bucket((leaving.hour_unit - 1 - m.start)::int, m.sums) + 1]
                 FROM minutes m
                 WHERE m.subject = decided.subject AND m.minute >= decided.minute - 60
                   AND m.start < leaving.hour_unit AND m.start + m.sums[cardinality(m.sums)] >= leaving.hour_unit
                 ORDER BY m.minute DESC
                 LIMIT 1) END
           ) END AS retry_at
    FROM decided
    -- The newest unit that must have left each window before the first denied call fits. It may be one that was granted just now
    -- (above the old total), or one that has left already (up to the base).
    CROSS JOIN LATERAL (
      SELECT total + units + cost - per_minute AS minute_unit, total + units + cost - per_hour AS hour_unit
    ) leaving
  )
  SELECT array_agg(place), array_agg(answered.granted), array_agg(answered.minute_used), array_agg(answered.hour_used),
         array_agg(answered.minute_reset), array_agg(answered.hour_reset), array_agg(answered.retry_at), array_agg(answered.second),
         (SELECT array_agg(ROW(
           x.lane, x.minute, x.start, x.subject, x.secs, x.sums)::rollgate.bucket) FROM archived x),
         (SELECT array_agg(ROW(
           NULL, x.prev_start, x.hour_start, NULL, x.minute, x.hour_next, x.subject, x.prev_secs,
           x.prev_sums, x.hour_secs, x.hour_sums, x.secs, x.sums, x.total, x.near_hour)::rollgate.counter) FROM updated x),
         (SELECT array_agg(ROW(
           NULL, x.prev_start, x.hour_start, x.lane, x.minute, NULL, x.subject, NULL,
           NULL, NULL, NULL, x.secs, x.sums, x.total, x.near_hour)::rollgate.counter) FROM added x)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second, archived, updated, added
  FROM answered;
END $$;

COMMENT ON FUNCTION rollgate.decide_lane IS
  'Decides the items of one lane on rows that rollgate.acquire_lane has read; returns the rows to write';

CREATE OR REPLACE FUNCTION rollgate_audit.explain_denial(denial_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int,
  used int, cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, override_factor numeric, override_extra_minute int,
  override_extra_hour int, filled jsonb, allowed_again_at timestamptz, count int, mode text,
  route text, request_id text, sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.explain_denial($1)
$$;

COMMENT ON FUNCTION rollgate_audit.explain_denial IS
  'Explains one denial by its id (denialId in the 429 response), or one limit event, in columns and in one sentence; no row: the id '
  'is not on record';

CREATE OR REPLACE FUNCTION rollgate_audit.limit_as_of(
  account text,
  api     text,
  subject text,
  at      timestamptz
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.limit_as_of($1, $2, $3, $4)
$$;

COMMENT ON FUNCTION rollgate_audit.limit_as_of IS
  'The limits that applied to a subject (a key, e.g. acme/publish-bot/bot=b-17) of an API at a moment, their source and the mode; no '
  'row: the API was not known yet';

CREATE OR REPLACE FUNCTION rollgate_audit.near_limit(
  percent int,
  at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.account, n.api, n.subject, n.minute_used::bigint, n.minute_limit, n.hour_used::bigint, n.hour_limit, n.source, n.mode
  FROM rollgate.near_limit($1, NULL, $2) n
$$;

COMMENT ON FUNCTION rollgate_audit.near_limit IS
  'Subjects that have used at least this percentage of a window, highest first. From 50 percent on, only subjects that are near a limit '
  'are read';

CREATE OR REPLACE FUNCTION rollgate_audit.recheck_decisions("from" timestamptz, "to" timestamptz)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_reported int,
  used_recorded bigint, cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.recheck_decisions($1, $2)
$$;

COMMENT ON FUNCTION rollgate_audit.recheck_decisions IS 'Like rollgate_audit.recheck_decisions_v1, for a time span; both ends are included';

CREATE OR REPLACE FUNCTION rollgate_audit.usage_at(at timestamptz)
RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, minute_remaining bigint, hour_used bigint, hour_limit int,
  hour_remaining bigint, source text, mode text, last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, greatest(u.minute_limit - u.minute_used, 0),
         u.hour_used, u.hour_limit, greatest(u.hour_limit - u.hour_used, 0), u.source, u.mode, u.last_granted_at
  FROM rollgate.usage_at($1) u
$$;

COMMENT ON FUNCTION rollgate_audit.usage_at IS
  'Like rollgate_audit.usage_now_v1, at another moment of the present hour: at the given time or at the subject''s newest grant, '
  'whichever is later';

CREATE OR REPLACE FUNCTION rollgate_audit.usage_of(
  account text,
  at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, minute_remaining bigint, hour_used bigint, hour_limit int,
  hour_remaining bigint, source text, mode text, last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, greatest(u.minute_limit - u.minute_used, 0),
         u.hour_used, u.hour_limit, greatest(u.hour_limit - u.hour_used, 0), u.source, u.mode, u.last_granted_at
  FROM rollgate.usage_of($1, $2) u
$$;

COMMENT ON FUNCTION rollgate_audit.usage_of IS
  'Usage of one account, now or like rollgate_audit.usage_at: reads only the account''s subjects, where usage_now_v1 with a condition on '
  'account reads all';

CREATE OR REPLACE FUNCTION rollgate_audit.verify_history(
  OUT ok           boolean,
  OUT rows_checked bigint,
  OUT last_hash    text,
  OUT broken_id    bigint,
  OUT broken_why   text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.broken_id IS NULL, v.rows_checked, v.last_hash, v.broken_id, v.broken_why FROM rollgate.verify_history() v
$$;

COMMENT ON FUNCTION rollgate_audit.verify_history IS
  'Checks that the history is complete and unchanged, or names the first row that is not; compare last_hash with one you noted '
  'earlier';

-- The history of the APIs' default limits, with the fields of its JSON as columns.
CREATE OR REPLACE VIEW rollgate.catalogue_history AS
SELECT h.id, h.at, h.action, h.target AS api, h.after ->> 'group' AS group_id, h.actor, h.role, h.address, h.request_id,
       rollgate.default_limit((h.before ->> 'perMinute')::int, (h.before ->> 'shippedPerMinute')::int) AS per_minute_before,
       rollgate.default_limit((h.after ->> 'perMinute')::int, (h.after ->> 'shippedPerMinute')::int) AS per_minute,
       rollgate.default_limit((h.before ->> 'perHour')::int, (h.before ->> 'shippedPerHour')::int) AS per_hour_before,
       rollgate.default_limit((h.after ->> 'perHour')::int, (h.after ->> 'shippedPerHour')::int) AS per_hour,
       (h.before ->> 'shadow')::boolean AS shadow_before, (h.after ->> 'shadow')::boolean AS shadow,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.undoes, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'catalogue';

COMMENT ON VIEW rollgate.catalogue_history IS 'Every change of an API''s default limits, as in rollgate_audit.catalogue_history_v1';

-- The second part of a subject's key: an API, or @ and a group whose APIs are counted together (rollgate.api_of_scope).
CREATE OR REPLACE VIEW rollgate.key_scopes AS
SELECT s.scope, c.api, c.group_id, d.per_minute, d.per_hour, CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END AS mode
FROM (
  SELECT a.api AS scope FROM rollgate.catalogue a
  UNION
  SELECT '@' || g.group_id FROM rollgate.catalogue g WHERE g.scope = 'group'
) s
JOIN rollgate.catalogue c ON c.api = rollgate.api_of_scope(s.scope)
CROSS JOIN LATERAL rollgate.default_limits(c) d;

COMMENT ON VIEW rollgate.key_scopes IS
  'The scopes that the keys of subjects can name, with the API whose limits apply, its default limits and its default mode';

-- Custom limits are compared with these, and a role's approval limit is a multiple of them. A group and the whole account leave out
-- retired APIs.
CREATE OR REPLACE VIEW rollgate.least_default AS
SELECT NULL AS group_id, c.api, rollgate.default_limit(c.per_minute, c.shipped_per_minute) AS per_minute,
       rollgate.default_limit(c.per_hour, c.shipped_per_hour) AS per_hour
FROM rollgate.catalogue c
UNION ALL
SELECT c.group_id, NULL, min(rollgate.default_limit(c.per_minute, c.shipped_per_minute)),
       min(rollgate.default_limit(c.per_hour, c.shipped_per_hour))
FROM rollgate.catalogue c
WHERE c.retired_at IS NULL
GROUP BY GROUPING SETS ((), (c.group_id));

COMMENT ON VIEW rollgate.least_default IS
  'Lowest default limits of the APIs in each scope of an override or a limit request: one API, one group, or (both NULL) all APIs';

CREATE OR REPLACE VIEW rollgate.limit_event AS
SELECT r.id, k.kind, r.account, k.api, k.group_id, k.level, r.subject, r.lane,
       rollgate.dimensions_of(r.account, k.level, r.subject) AS dimensions, k.window_name, r.per_minute, r.per_hour, r.used, r.cost,
       coalesce(r.source, 'default') AS source, r.policy_version::bigint AS policy_version, k.mode, r.first_at, r.last_at, r.count,
       coalesce(r.units, r.count::bigint * r.cost) AS units, i.name AS instance, coalesce(r.route, k.route) AS route, r.request_id,
       r.retry_at, k.merged, rollgate.filled_pairs(r.filled) AS filled
FROM rollgate.limit_event_row r
LEFT JOIN rollgate.event_class k ON k.id = r.class
LEFT JOIN rollgate.event_instance i ON i.id = r.instance;

COMMENT ON VIEW rollgate.limit_event IS
  'Denials, counted by instance, subject, API, window, source, mode, cost and second; and samples of grants. One partition per day '
  '(UTC)';
COMMENT ON COLUMN rollgate.limit_event.id             IS 'event id; the id of its n-th decision is <id>.<n>, n in base 36 from 1';
COMMENT ON COLUMN rollgate.limit_event.kind           IS
  'denied: calls with too few free units, including those let through in shadow mode; granted_sample: grants, of which a fraction is '
  'recorded';
COMMENT ON COLUMN rollgate.limit_event.account        IS 'the account; * where all accounts are combined';
COMMENT ON COLUMN rollgate.limit_event.api            IS 'the called API, e.g. publish-bot';
COMMENT ON COLUMN rollgate.limit_event.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate.limit_event.level          IS 'dimensions that form the subject, in order';
COMMENT ON COLUMN rollgate.limit_event.subject        IS
  'key of the counted subject, as in rollgate.counter; * where all subjects are combined';
COMMENT ON COLUMN rollgate.limit_event.lane           IS 'lane of the account; NULL: not reported';
COMMENT ON COLUMN rollgate.limit_event.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate.limit_event.window_name    IS 'the window that denied; hour where both did; NULL: a grant';
COMMENT ON COLUMN rollgate.limit_event.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate.limit_event.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate.limit_event.used           IS
  'units in that window as reported to the first call; for a grant, units in the minute, including the call';
COMMENT ON COLUMN rollgate.limit_event.cost           IS 'units per call; for merged events, of the first call';
COMMENT ON COLUMN rollgate.limit_event.source         IS 'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate.limit_event.policy_version IS 'version of overrides and catalogue on the instance';
COMMENT ON COLUMN rollgate.limit_event.mode           IS
  'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN rollgate.limit_event.first_at       IS 'time of the first call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.last_at        IS 'time of the last call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.count          IS 'number of calls';
COMMENT ON COLUMN rollgate.limit_event.units          IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate.limit_event.instance       IS 'host and process that decided';
COMMENT ON COLUMN rollgate.limit_event.route          IS 'route of the first call, e.g. POST /bots/:botId/publish';
COMMENT ON COLUMN rollgate.limit_event.request_id     IS 'HTTP request ID of the first call';
COMMENT ON COLUMN rollgate.limit_event.retry_at       IS
  'when the first call would be allowed if nothing else is spent; NULL: retrying does not help';
COMMENT ON COLUMN rollgate.limit_event.merged         IS
  'second: calls within one second, with one source and cost; minute: calls within one minute, merged because retrying does not help '
  'or because the instance had too many events; longer: calls at any time from first_at to last_at';
COMMENT ON COLUMN rollgate.limit_event.filled         IS
  'what filled that window: [[Unix second, units], …], for the hour by minutes. Recorded once per subject, window and minute; other '
  'events of that minute have NULL';

-- The finished minutes of rollgate.bucket, and the current minute of each head of rollgate.counter, in the same form.
CREATE OR REPLACE VIEW rollgate.minutes_on_record AS
SELECT b.lane, b.subject, b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
UNION ALL
SELECT c.lane, c.subject, c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums FROM rollgate.counter c;

COMMENT ON VIEW rollgate.minutes_on_record IS 'Every minute in which a subject was granted units, as far back as minutes are kept';
COMMENT ON COLUMN rollgate.minutes_on_record.start IS 'total of the subject at the start of the minute';
COMMENT ON COLUMN rollgate.minutes_on_record.secs  IS 'the seconds (0-59) of the minute that have units, ascending';
COMMENT ON COLUMN rollgate.minutes_on_record.sums  IS 'for each entry of secs: units of the minute up to and including that second';

-- The history of overrides, with the fields of its JSON as columns.
CREATE OR REPLACE VIEW rollgate.override_history AS
SELECT h.id, h.at, h.action, h.target AS override_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'scope' AS scope, h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.before ->> 'perMinute')::int AS per_minute_before, (h.after ->> 'perMinute')::int AS per_minute,
       (h.before ->> 'perHour')::int AS per_hour_before, (h.after ->> 'perHour')::int AS per_hour,
       (h.before ->> 'factor')::numeric AS factor_before, (h.after ->> 'factor')::numeric AS factor,
       h.before ->> 'mode' AS mode_before, h.after ->> 'mode' AS mode,
       (h.after ->> 'startsAt')::timestamptz AS starts_at,
       (h.before ->> 'expiresAt')::timestamptz AS expires_at_before, (h.after ->> 'expiresAt')::timestamptz AS expires_at,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.after ->> 'requestId' AS limit_request_id, h.undoes,
       h.after -> 'lowered' AS lowered, h.before, h.after, h.hash,
       (h.before ->> 'extraMinute')::int AS extra_minute_before, (h.after ->> 'extraMinute')::int AS extra_minute,
       (h.before ->> 'extraHour')::int AS extra_hour_before, (h.after ->> 'extraHour')::int AS extra_hour, h.batch
FROM rollgate.history h
WHERE h.kind = 'override';

COMMENT ON VIEW rollgate.override_history IS 'Every change of an override, as in rollgate_audit.override_history_v1';

CREATE OR REPLACE VIEW rollgate.reopened_hours AS
SELECT l.hour FROM rollgate.usage_late l
UNION
SELECT r.hour FROM rollgate.roll_up r WHERE r.stage = 'denials' AND r.hour < r.rolled_to;

COMMENT ON VIEW rollgate.reopened_hours IS
  'Hours that were rolled up and whose denials changed since: until they are rolled up again, their denials are read from the events';

CREATE OR REPLACE VIEW rollgate.request_history AS
SELECT h.id, h.at, h.action, h.target AS limit_request_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.after ->> 'perMinute')::int AS per_minute, (h.after ->> 'perHour')::int AS per_hour,
       (h.after ->> 'factor')::numeric AS factor,
       (h.after ->> 'until')::timestamptz AS until, h.before ->> 'state' AS state_before, h.after ->> 'state' AS state,
       h.after ->> 'answer' AS answer, h.after ->> 'overrideId' AS override_id, h.reason, h.ticket, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'request';

COMMENT ON VIEW rollgate.request_history IS 'Every step of a limit request, as in rollgate_audit.request_history_v1';

CREATE OR REPLACE VIEW rollgate_audit.access_log_v1 AS
SELECT l.id, l.first_at, l.last_at, l.times, l.actor, l.role AS actor_role, l.address, l.request_id, l.action, l.account, l.routes,
       l.filters, l.row_count, l.result
FROM rollgate.access_log l;

COMMENT ON VIEW rollgate_audit.access_log_v1 IS
  'Which person or token viewed which account, and exported which list, through the service or its command line. Kept for 400 days by '
  'default. Reading with SQL is not recorded here';
COMMENT ON COLUMN rollgate_audit.access_log_v1.id         IS 'order in which the rows were recorded';
COMMENT ON COLUMN rollgate_audit.access_log_v1.first_at   IS 'when, or the first time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.last_at    IS 'the last time; of an export, its end';
COMMENT ON COLUMN rollgate_audit.access_log_v1.times      IS
  'how many requests: views of one account by one actor from one address are one row for each five minutes; 1 for an export';
COMMENT ON COLUMN rollgate_audit.access_log_v1.actor      IS 'who, e.g. staff:ann@example.com, token:ci, cli:root';
COMMENT ON COLUMN rollgate_audit.access_log_v1.actor_role IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.address    IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.access_log_v1.request_id IS 'HTTP request ID of the first time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.action     IS
  'view_account: a screen or an answer about one account; list: a list filtered by an account; export: a list as a file';
COMMENT ON COLUMN rollgate_audit.access_log_v1.account    IS 'the account; NULL: an export of several accounts';
COMMENT ON COLUMN rollgate_audit.access_log_v1.routes     IS 'what was read: the operations of the API, or the command';
COMMENT ON COLUMN rollgate_audit.access_log_v1.filters    IS 'filters of the list';
COMMENT ON COLUMN rollgate_audit.access_log_v1.row_count  IS
  'rows written to the file; of a cut export, at least as many as the client received; NULL: not an export, or its end was not recorded';
COMMENT ON COLUMN rollgate_audit.access_log_v1.result     IS
  'complete; cut: the client or the service ended it early; NULL: not an export, or its end was not recorded';

CREATE OR REPLACE VIEW rollgate_audit.catalogue_history_v1 AS
SELECT h.id, h.at, h.action, h.api, h.group_id, h.actor, h.role, h.address, h.request_id, h.per_minute_before, h.per_minute,
       h.per_hour_before, h.per_hour, h.shadow_before, h.shadow, h.version, h.reason, h.ticket, h.undoes, h.before, h.after, h.hash
FROM rollgate.catalogue_history h;

COMMENT ON VIEW rollgate_audit.catalogue_history_v1 IS
  'Every change of an API''s default limits, including those that applications registered';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.id                IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.at                IS 'when';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.action            IS
  'add, ship, retire, return: by an application; change, undo: by an admin';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.api               IS 'the API';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.group_id          IS 'its group';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.actor             IS 'who';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.role              IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.address           IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.request_id        IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_minute_before IS 'default units in any 60 s before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_minute        IS 'default units in any 60 s after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_hour_before   IS 'default units in any 3,600 s before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_hour          IS 'default units in any 3,600 s after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.shadow_before     IS 'whether denials were only recorded, before';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.shadow            IS 'whether denials are only recorded, after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.version           IS 'version of the API''s defaults after the change';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.reason            IS 'reason given';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.ticket            IS 'ticket';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.undoes            IS 'id of the change that this one reverted';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.before            IS 'the whole entry before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.after             IS 'the whole entry after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.hash              IS 'SHA-256 of this row and all before it';

CREATE OR REPLACE VIEW rollgate_audit.catalogue_v1 AS
SELECT c.api, c.title, c.group_id, c.group_title, array_to_string(c.level, '+') AS level, c.scope,
       rollgate.default_limit(c.per_minute, c.shipped_per_minute) AS per_minute,
       rollgate.default_limit(c.per_hour, c.shipped_per_hour) AS per_hour, c.shipped_per_minute, c.shipped_per_hour,
       c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL AS edited, c.shadow, c.version, c.changed_at, c.changed_by, c.message,
       c.retired_at, ARRAY(SELECT o.application FROM rollgate.catalogue_owner o WHERE o.api = c.api ORDER BY o.application) AS owners
FROM rollgate.catalogue c;

COMMENT ON VIEW rollgate_audit.catalogue_v1 IS 'The APIs that applications have registered, with their default limits in force now';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.api                IS 'the API, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.title              IS 'display name of the API';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_id           IS 'its group, e.g. bot-definition';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_title        IS 'display name of the group';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.level              IS 'dimensions that form the counted subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.scope              IS 'api: counted separately; group: counted together with its group';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_minute         IS 'default units in any 60 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_hour           IS 'default units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_minute IS 'the same as registered by the applications';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_hour   IS 'the same as registered by the applications';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.edited             IS 'whether an admin has set a default limit';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shadow             IS 'denials are recorded, not enforced';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_at         IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_by         IS 'who last changed it';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.message            IS 'message of denied calls';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.retired_at         IS 'since when no application registers it; NULL: it is in use';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.owners             IS
  'applications that register it; file:<name>: a file; (before 0.2.0): not registered since the upgrade from 0.1.0';

-- Hours that are rolled up come from rollgate.denial_hour. The events of the others are added up hour by hour, so that a condition
-- on `hour` reaches the partitions and one on the account uses the index.
CREATE OR REPLACE VIEW rollgate_audit.denials_by_hour_v1 AS
SELECT d.hour, s.account, s.api, c.group_id, d.window_name, d.mode, d.source, d.calls AS denials, d.units, d.events::bigint AS events
FROM rollgate.denial_hour d
JOIN rollgate.usage_series s ON s.id = d.series
LEFT JOIN rollgate.catalogue c ON c.api = s.api
WHERE s.account <> '' AND d.hour < (SELECT r.rolled_to FROM rollgate.roll_up r)
  AND d.hour <> ALL (ARRAY(SELECT o.hour FROM rollgate.reopened_hours o))
UNION ALL
SELECT h.hour, e.account, e.api, e.group_id, e.window_name, e.mode, e.source, e.denials, e.units, e.events
FROM (
  SELECT o.hour FROM rollgate.reopened_hours o
  UNION ALL
  SELECT generate_series(
    greatest(date_trunc('hour', b.oldest, 'UTC'), (SELECT r.rolled_to FROM rollgate.roll_up r)), b.newest, interval '1 hour')
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event_row o) b
) h
CROSS JOIN LATERAL (
  SELECT x.account, k.api, k.group_id, k.window_name, k.mode, coalesce(x.source, 'default') AS source, sum(x.count)::bigint AS denials,
         sum(coalesce(x.units, x.count::bigint * x.cost))::bigint AS units, count(*) AS events
  FROM rollgate.limit_event_row x JOIN rollgate.event_class k ON k.id = x.class
  WHERE x.first_at >= h.hour AND x.first_at < h.hour + interval '1 hour' AND k.kind = 'denied'
  GROUP BY x.account, k.api, k.group_id, k.window_name, k.mode, coalesce(x.source, 'default')
) e;

COMMENT ON VIEW rollgate_audit.denials_by_hour_v1 IS
  'Denied calls by hour (UTC), account, API, window, mode and source: as far back as usage by hour is kept, and up to now. A condition on '
  'hour limits which months and days are read';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.hour        IS 'start of the hour that contains an event''s first call';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.account     IS 'as in limit_events_v1';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.api         IS 'the called API';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.group_id    IS 'group of the API; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.window_name IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.mode        IS
  'as in limit_events_v1; only enforced and fallback_denied rejected calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.source IS
  'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.denials     IS 'number of calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.units       IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.events      IS 'number of rows of limit_events_v1';

CREATE OR REPLACE VIEW rollgate_audit.limit_events_v1 AS
SELECT e.id, e.kind, e.account, e.api, e.group_id, array_to_string(e.level, '+') AS level, e.subject, e.dimensions, e.window_name,
       rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS limit_units, e.per_minute, e.per_hour, e.used, e.cost,
       e.source, e.policy_version, e.mode, e.first_at, e.last_at, e.count, e.units, e.instance, e.route, e.request_id, e.retry_at,
       e.merged, e.filled
FROM rollgate.limit_event e;

COMMENT ON VIEW rollgate_audit.limit_events_v1 IS
  'Denied calls, including those let through in shadow mode, counted by second; and samples of grants. One partition per day (UTC): '
  'a condition on first_at limits which are read';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.id             IS
  'event id; the id of its n-th denial is <id>.<n>, n in base 36 from 1. rollgate_audit.explain_denial accepts both';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.kind           IS
  'denied: calls with too few free units; granted_sample: grants, of which a fraction is recorded';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.account        IS
  'the account; * where all accounts are combined; _rollgate: the service''s own sign-in';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.api            IS 'the called API, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.level          IS 'dimensions that form the subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.subject        IS
  'key of the counted subject, e.g. acme/publish-bot/bot=b-17; * where all subjects are combined';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.window_name    IS
  'the window that denied: minute (any 60 s) or hour (any 3,600 s); hour where both did; NULL: a grant';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.limit_units    IS 'limit in force of that window, in units; for a grant, of the minute';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.used           IS
  'units in that window as reported to the first call; for a grant, units in the minute, including the call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.cost           IS 'units per call; for merged events, of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.source IS
  'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.policy_version IS 'version of overrides and catalogue on the instance that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.mode           IS
  'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.first_at       IS 'time of the first call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.last_at        IS 'time of the last call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.count          IS 'number of calls: sum it to count denials';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.units          IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.instance       IS 'host and process that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.route          IS 'route of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.request_id     IS 'HTTP request ID of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.retry_at       IS
  'when the first call would be allowed if nothing else is spent; NULL: retrying does not help';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.merged         IS
  'second: calls within one second; minute: calls within one minute, merged because retrying does not help or because the instance '
  'had too many events; longer: calls of a longer time';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.filled         IS
  'what filled the window: [[Unix second, units], …], for the hour by minutes; recorded once per subject, window and minute';

CREATE OR REPLACE VIEW rollgate_audit.limit_requests_v1 AS
SELECT r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.factor, r.until, r.reason, r.ticket, r.denial_id,
       r.denial, r.asked_by, r.asked_at, r.needs_admin, r.state, r.decided_by, r.decided_at,
       floor(extract(epoch FROM r.decided_at - r.asked_at))::bigint AS seconds_to_decision, r.answer, r.override_id,
       o.per_minute AS override_per_minute, o.per_hour AS override_per_hour, o.factor AS override_factor,
       o.expires_at AS override_expires_at, r.version
FROM rollgate.limit_request r
LEFT JOIN rollgate.override o ON o.id = r.override_id;

COMMENT ON VIEW rollgate_audit.limit_requests_v1 IS 'Requests for custom limits, with answers and time to answer';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.id                  IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.account             IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.group_id            IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.api                 IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.subject             IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_minute          IS 'requested units in any 60 s; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_hour            IS 'requested units in any 3,600 s; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.factor              IS 'requested multiple of each API''s default; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.until               IS 'requested end; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.reason              IS 'reason given';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.ticket              IS 'ticket';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial_id           IS 'the denial it refers to: see rollgate_audit.explain_denial';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial              IS 'the denial as recorded in its signed link';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_by            IS
  'account:<account>, or staff:<login> for a request above the person''s approval limit';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_at            IS 'when it was filed';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.needs_admin         IS 'above the approval limit of the person who filed it';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.state               IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_by          IS 'who decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_at          IS 'when it was decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.seconds_to_decision IS 'seconds from filing to the decision; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.answer              IS 'answer to the account';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_id         IS 'the override created for it';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_minute IS 'units in any 60 s of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_hour   IS 'units in any 3,600 s of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_factor     IS 'factor of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_expires_at IS
  'end of that override as it is now; NULL: permanent, or there is none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.version             IS 'increases with each step';

CREATE OR REPLACE VIEW rollgate_audit.override_history_v1 AS
SELECT h.id, h.at, h.action, h.override_id, h.account, h.actor, h.role, h.address, h.request_id, h.scope, h.group_id, h.api, h.subject,
       h.per_minute_before, h.per_minute, h.per_hour_before, h.per_hour, h.factor_before, h.factor, h.mode_before, h.mode, h.starts_at,
       h.expires_at_before, h.expires_at, h.version, h.reason, h.ticket, h.limit_request_id, h.undoes,
       d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(coalesce(h.factor, h.per_minute::numeric / nullif(d.per_minute, 0), 1 + h.extra_minute::numeric / nullif(d.per_minute, 0)), 2)
         AS times_per_minute,
       round(coalesce(h.factor, h.per_hour::numeric / nullif(d.per_hour, 0), 1 + h.extra_hour::numeric / nullif(d.per_hour, 0)), 2)
         AS times_per_hour,
       h.lowered, h.before, h.after, h.hash, h.extra_minute_before, h.extra_minute, h.extra_hour_before, h.extra_hour,
       h.batch
FROM rollgate.override_history h
-- Like rollgate.least_default, at that time.
CROSS JOIN LATERAL (
  SELECT min(c.per_minute) AS per_minute, min(c.per_hour) AS per_hour
  FROM (
    SELECT DISTINCT ON (x.api) x.api, x.group_id, x.per_minute, x.per_hour FROM rollgate.catalogue_history x
    WHERE (h.api IS NULL OR x.api = h.api) AND x.id < h.id
    ORDER BY x.api, x.id DESC
  ) c
  WHERE rollgate.scope_covers(h.group_id, h.api, c.group_id, c.api)
) d;

COMMENT ON VIEW rollgate_audit.override_history_v1 IS
  'Every change of an override: who changed it, when, from where and why, with the limits before and after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.id                 IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.override_history_v1.at                 IS 'when it was changed';
COMMENT ON COLUMN rollgate_audit.override_history_v1.action             IS 'create, change, expire, restore or undo';
COMMENT ON COLUMN rollgate_audit.override_history_v1.override_id        IS 'id of the override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.account            IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.override_history_v1.actor              IS 'who changed it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.override_history_v1.role               IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.address            IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.override_history_v1.request_id         IS 'ID of the HTTP request that made the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.scope              IS 'account, group, api or subject';
COMMENT ON COLUMN rollgate_audit.override_history_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.override_history_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.override_history_v1.subject            IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_minute_before  IS
  'units in any 60 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_minute         IS 'units in any 60 s after; NULL: the default';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_hour_before    IS
  'units in any 3,600 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_hour           IS 'units in any 3,600 s after; NULL: the default';
COMMENT ON COLUMN rollgate_audit.override_history_v1.factor_before      IS
  'multiple of each API''s default before; NULL: it set limits, or only a mode';
COMMENT ON COLUMN rollgate_audit.override_history_v1.factor             IS
  'multiple of each API''s default after; NULL: it sets limits, or only a mode';
COMMENT ON COLUMN rollgate_audit.override_history_v1.mode_before        IS 'mode before';
COMMENT ON COLUMN rollgate_audit.override_history_v1.mode               IS 'mode after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.starts_at          IS 'start after the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.expires_at_before  IS 'end before; NULL: permanent, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.expires_at         IS 'end after the change; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.override_history_v1.version            IS 'version after the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.reason             IS 'reason given';
COMMENT ON COLUMN rollgate_audit.override_history_v1.ticket             IS 'ticket';
COMMENT ON COLUMN rollgate_audit.override_history_v1.limit_request_id   IS 'the limit request it was created for';
COMMENT ON COLUMN rollgate_audit.override_history_v1.undoes             IS 'id of the change that this one reverted';
COMMENT ON COLUMN rollgate_audit.override_history_v1.default_per_minute IS 'lowest default of the APIs in its scope at that time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.default_per_hour   IS 'lowest default of the APIs in its scope at that time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.times_per_minute   IS
  'per_minute, or the default and extra_minute together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.override_history_v1.times_per_hour     IS
  'per_hour, or the default and extra_hour together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.override_history_v1.lowered            IS
  'limits lowered by the change, as confirmed by the actor: [{api, window, from, to, why, at, text}]; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.before             IS 'the whole override before; NULL: it was created';
COMMENT ON COLUMN rollgate_audit.override_history_v1.after              IS 'the whole override after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.hash               IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_minute_before IS
  'extra units in any 60 s before; NULL: none, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_minute       IS 'extra units in any 60 s after; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_hour_before   IS
  'extra units in any 3,600 s before; NULL: none, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_hour         IS 'extra units in any 3,600 s after; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.batch              IS
  'changes that were made together, in one transaction, e.g. bat_12; NULL: by itself';

CREATE OR REPLACE VIEW rollgate_audit.overrides_in_force_v1 AS
SELECT o.id, o.account, o.scope, o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.factor, o.mode, o.starts_at, o.expires_at,
       o.expires_at IS NULL AS permanent, o.reason, o.ticket, o.created_by, o.created_at, o.changed_at,
       o.request_id AS limit_request_id, o.version, d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(coalesce(o.factor, o.per_minute::numeric / nullif(d.per_minute, 0), 1 + o.extra_minute::numeric / nullif(d.per_minute, 0)), 2)
         AS times_per_minute,
       round(coalesce(o.factor, o.per_hour::numeric / nullif(d.per_hour, 0), 1 + o.extra_hour::numeric / nullif(d.per_hour, 0)), 2)
         AS times_per_hour,
       u.first_used_at, u.last_used_at, u.peak_minute, u.peak_hour, u.needed_at, o.extra_minute, o.extra_hour
FROM (SELECT clock_timestamp() AS now) clock
JOIN rollgate.override o ON rollgate.in_force(o.starts_at, o.expires_at, clock.now)
LEFT JOIN rollgate.override_use u ON u.override_id = o.id
LEFT JOIN rollgate.least_default d ON d.group_id IS NOT DISTINCT FROM o.group_id AND d.api IS NOT DISTINCT FROM o.api;

COMMENT ON VIEW rollgate_audit.overrides_in_force_v1 IS
  'Custom limits in force now, with the defaults and their usage. If several apply to a subject, the most specific one wins; among '
  'equally specific ones, the newest. Extra units are added to what the others yield';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.id                 IS 'id of the override';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.account            IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.scope              IS 'account, group, api or subject: what the override covers';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.subject            IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.factor             IS
  'multiple of each API''s default, rounded up to whole units; NULL: it sets limits, extra units, or only a mode';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.mode               IS
  'shadow: denials are recorded, not enforced; NULL: it does not set the mode';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.starts_at          IS 'in force from this time';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.expires_at         IS 'in force until just before this time; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.permanent          IS 'whether it has no end';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.reason             IS 'reason given for the latest change';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.ticket             IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_by         IS 'who created it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_at         IS 'when it was created';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.changed_at         IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.limit_request_id   IS 'the limit request it was created for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_minute IS 'lowest default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_hour   IS 'lowest default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_minute   IS
  'per_minute, or the default and extra_minute together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_hour     IS
  'per_hour, or the default and extra_hour together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.first_used_at      IS 'when it first had an effect on a call; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.last_used_at       IS 'when it last had an effect on a call; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_minute        IS 'highest usage of a subject under it, in units in 60 s';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_hour          IS 'highest usage of a subject under it, in units in 3,600 s';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.needed_at          IS
  'last time a decision differed from what the defaults would have given; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.extra_minute       IS
  'extra units: added to the limit in any 60 s that applies without extra units; NULL: none';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.extra_hour         IS
  'extra units: added to the limit in any 3,600 s that applies without extra units; NULL: none';

CREATE OR REPLACE VIEW rollgate_audit.plan_assignments_v1 AS
SELECT a.id, a.account, a.plan, rollgate.in_force(a.starts_at, a.ends_at, clock.now) AS in_force, a.starts_at, a.ends_at,
  a.reason, a.ticket,
       a.created_by, a.created_at, a.changed_at, a.version
FROM (SELECT clock_timestamp() AS now) clock
CROSS JOIN rollgate.plan_assignment a;

COMMENT ON VIEW rollgate_audit.plan_assignments_v1 IS
  'Which account has, had or will have which plan, by assignment. At most one is in force for an account at a time. Plans that calls bring '
  'are not here: the source of a limit event names them';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.id         IS 'id of the assignment';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.account    IS 'the account';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.plan       IS 'id of the plan';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.in_force   IS 'whether the account has the plan now by this assignment';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.starts_at  IS 'in force from this time';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.ends_at    IS 'in force until just before this time; NULL: no end';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.reason     IS 'reason given for the latest change';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.ticket     IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.created_by IS 'who assigned it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.created_at IS 'when it was assigned';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.changed_at IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.version    IS 'increases with each change';

CREATE OR REPLACE VIEW rollgate_audit.plan_history_v1 AS
SELECT h.id, h.at, h.kind, h.action, CASE h.kind WHEN 'plan' THEN h.target ELSE h.after ->> 'plan' END AS plan,
       CASE WHEN h.kind = 'assignment' THEN h.target END AS assignment_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.before -> 'limits' AS limits_before, h.after -> 'limits' AS limits, (h.after ->> 'startsAt')::timestamptz AS starts_at,
       (h.before ->> 'endsAt')::timestamptz AS ends_at_before, (h.after ->> 'endsAt')::timestamptz AS ends_at,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.after -> 'lowered' AS lowered, h.before, h.after, h.hash,
       h.batch
FROM rollgate.history h
WHERE h.kind IN ('plan', 'assignment');

COMMENT ON VIEW rollgate_audit.plan_history_v1 IS
  'Every change of a plan and every assignment: who made it, when, from where and why, with the limits or the dates before and after';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.id             IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.at             IS 'when it was changed';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.kind           IS 'plan or assignment';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.action         IS
  'of a plan: create, change, retire, restore or undo; of an assignment: assign, end or undo';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.plan           IS 'id of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.assignment_id  IS 'id of the assignment; NULL: a change of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.account        IS 'the assigned account; NULL: a change of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.actor          IS 'who changed it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.role           IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.address        IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.request_id     IS 'ID of the HTTP request that made the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.limits_before  IS
  'limits of the plan before: [{group, api, perMinute, perHour, factor}]; NULL: an assignment, or there was no plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.limits         IS 'limits of the plan after; NULL: an assignment';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.starts_at      IS 'start of the assignment after the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ends_at_before IS 'end of the assignment before; NULL: no end, or it was new';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ends_at        IS 'end of the assignment after; NULL: no end';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.version        IS 'version after the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.reason         IS 'reason given';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ticket         IS 'ticket';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.lowered        IS
  'limits lowered by the change, as confirmed by the actor: [{api, window, from, to, why, at, text}], of a plan with the number of '
  'assigned accounts; NULL: none';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.before         IS 'the whole plan or assignment before; NULL: it was created';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.after          IS 'the whole plan or assignment after';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.hash           IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.batch          IS
  'changes that were made together, in one transaction, e.g. bat_12; NULL: by itself';

CREATE OR REPLACE VIEW rollgate_audit.plans_v1 AS
SELECT p.id AS plan, p.title, p.description, p.retired_at,
       CASE WHEN l.plan IS NULL THEN NULL WHEN l.api IS NOT NULL THEN 'api'
         WHEN l.group_id IS NOT NULL THEN 'group' ELSE 'all' END AS scope,
       l.group_id, l.api, l.per_minute, l.per_hour, l.factor, d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       (SELECT count(*) FROM rollgate.plan_assignment a
         WHERE a.plan = p.id AND rollgate.in_force(a.starts_at, a.ends_at, clock.now)) AS accounts,
       p.version, p.created_by, p.created_at, p.changed_by, p.changed_at
FROM (SELECT clock_timestamp() AS now) clock
CROSS JOIN rollgate.plan p
LEFT JOIN rollgate.plan_limit l ON l.plan = p.id
LEFT JOIN rollgate.least_default d ON d.group_id IS NOT DISTINCT FROM l.group_id AND d.api IS NOT DISTINCT FROM l.api
  AND l.plan IS NOT NULL;

COMMENT ON VIEW rollgate_audit.plans_v1 IS
  'Plans with their limits, one row per limit; a plan without limits has one row. The most specific limit of a plan applies: of the API, '
  'of its group, of all';
COMMENT ON COLUMN rollgate_audit.plans_v1.plan               IS 'id of the plan; limits it sets have the source plan:<id>';
COMMENT ON COLUMN rollgate_audit.plans_v1.title              IS 'title';
COMMENT ON COLUMN rollgate_audit.plans_v1.description        IS 'description';
COMMENT ON COLUMN rollgate_audit.plans_v1.retired_at         IS
  'since when it can''t be assigned; accounts that have it keep it; NULL: it can be assigned';
COMMENT ON COLUMN rollgate_audit.plans_v1.scope              IS 'api, group or all: what the limit covers; NULL: the plan has no limits';
COMMENT ON COLUMN rollgate_audit.plans_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.plans_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.plans_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.plans_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.plans_v1.factor             IS
  'multiple of each API''s default, rounded up to whole units; NULL: it sets limits';
COMMENT ON COLUMN rollgate_audit.plans_v1.default_per_minute IS 'lowest default of the APIs that the limit covers';
COMMENT ON COLUMN rollgate_audit.plans_v1.default_per_hour   IS 'lowest default of the APIs that the limit covers';
COMMENT ON COLUMN rollgate_audit.plans_v1.accounts           IS 'number of accounts that are assigned to the plan now';
COMMENT ON COLUMN rollgate_audit.plans_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.plans_v1.created_by         IS 'who created it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.plans_v1.created_at         IS 'when it was created';
COMMENT ON COLUMN rollgate_audit.plans_v1.changed_by         IS 'who changed it last';
COMMENT ON COLUMN rollgate_audit.plans_v1.changed_at         IS 'when it was changed last';

CREATE OR REPLACE VIEW rollgate_audit.policy_files_v1 AS
SELECT h.id, h.at, h.target AS sha256, h.actor, h.role, h.address, h.request_id, h.after -> 'changes' AS changes, h.reason, h.ticket, h.hash
FROM rollgate.history h
WHERE h.kind = 'policy';

COMMENT ON VIEW rollgate_audit.policy_files_v1 IS
  'Every policy file that was applied and changed something: which file, by whom, when and why. Its changes are in the views of overrides, '
  'plans and the catalogue, with the same request_id';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.id         IS 'position in the history''s hash chain, after the changes';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.at         IS 'when it was applied';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.sha256     IS 'SHA-256 of the file, in hex';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.actor      IS 'who applied it: cli:<user>';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.role       IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.address    IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.request_id IS 'file:<sha256>, as in the rows of the changes';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.changes    IS
  'number of changes by section and action, e.g. {"overrides": {"add": 2}}';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.reason     IS 'reason given';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.ticket     IS 'ticket';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.hash       IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';

CREATE OR REPLACE VIEW rollgate_audit.quarantines_v1 AS
SELECT q.id, q.since, q.until, q.reason, q.noticed_by FROM rollgate.quarantine q;

COMMENT ON VIEW rollgate_audit.quarantines_v1 IS
  'Times in which every instance granted half limits, because usage counts might be incomplete';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.id         IS 'number, in order of start';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.since      IS 'when it began';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.until      IS 'when it ended, or will end';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.reason     IS
  'cause: the database''s clock jumped ahead, or the database moved to another server';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.noticed_by IS 'instance that detected it';

-- Each day is checked separately, so that a condition on `day` checks only the events of that day.
CREATE OR REPLACE VIEW rollgate_audit.recheck_decisions_v1 AS
SELECT d.day, r.event_id, r.account, r.api, r.subject, r.at, r.window_name, r.limit_units, r.used_reported, r.used_recorded, r.cost, r.count
FROM (
  SELECT generate_series(date_trunc('day', b.oldest, 'UTC'), b.newest, interval '1 day') AS day
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event o) b
) d
CROSS JOIN LATERAL rollgate.recheck_decisions(d.day, d.day + interval '1 day' - interval '1 microsecond') r;

COMMENT ON VIEW rollgate_audit.recheck_decisions_v1 IS
  'Denials that had enough free units, recomputed from the units on record. Expected result: no rows. A condition on day checks only '
  'the events of that day. Minutes are kept for a day by default, and older events can''t be checked';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.day           IS 'the day (UTC) of the event';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.event_id      IS 'the event: see limit_events_v1';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.account       IS 'the account';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.api           IS 'the called API';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.subject       IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.at            IS 'time of the first call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.window_name   IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.limit_units   IS 'limit of that window, in units';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.used_reported IS 'units in the window as reported to the call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.used_recorded IS 'recomputed usage; compare with the reported one';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.cost          IS 'units per call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.count         IS 'number of calls';

CREATE OR REPLACE VIEW rollgate_audit.request_history_v1 AS
SELECT h.id, h.at, h.action, h.limit_request_id, h.account, h.actor, h.role, h.address, h.request_id, h.group_id, h.api, h.subject,
       h.per_minute, h.per_hour, h.factor, h.until, h.state_before, h.state, h.answer, h.override_id, h.reason, h.ticket, h.before,
       h.after, h.hash
FROM rollgate.request_history h;

COMMENT ON VIEW rollgate_audit.request_history_v1 IS 'Every step of a limit request: filed, approved, declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.id               IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.request_history_v1.at               IS 'when';
COMMENT ON COLUMN rollgate_audit.request_history_v1.action           IS 'ask, approve or decline';
COMMENT ON COLUMN rollgate_audit.request_history_v1.limit_request_id IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.request_history_v1.account          IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.actor            IS 'who: account:<account> or staff:<login>';
COMMENT ON COLUMN rollgate_audit.request_history_v1.role             IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.request_history_v1.address          IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.request_id       IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.request_history_v1.group_id         IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.request_history_v1.api              IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.request_history_v1.subject          IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_minute       IS 'requested units in any 60 s';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_hour         IS 'requested units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.request_history_v1.factor           IS 'requested multiple of each API''s default';
COMMENT ON COLUMN rollgate_audit.request_history_v1.until            IS 'requested end; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state_before     IS 'state before; NULL: it was filed';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state            IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.answer           IS 'answer to the account';
COMMENT ON COLUMN rollgate_audit.request_history_v1.override_id      IS 'the override created for it';
COMMENT ON COLUMN rollgate_audit.request_history_v1.reason           IS 'reason given by the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.ticket           IS 'ticket';
COMMENT ON COLUMN rollgate_audit.request_history_v1.before           IS 'the whole limit request before; NULL: it was filed';
COMMENT ON COLUMN rollgate_audit.request_history_v1.after            IS 'the whole limit request after';
COMMENT ON COLUMN rollgate_audit.request_history_v1.hash             IS 'SHA-256 of this row and all before it';

CREATE OR REPLACE VIEW rollgate_audit.resets_v1 AS
SELECT h.id, h.at, h.account, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject, (h.after ->> 'subjects')::int AS subjects,
       (h.after ->> 'minuteUsed')::bigint AS minute_used, (h.after ->> 'hourUsed')::bigint AS hour_used, h.actor, h.role, h.address,
       h.request_id, h.reason, h.ticket, h.hash
FROM rollgate.history h
WHERE h.kind = 'reset';

COMMENT ON VIEW rollgate_audit.resets_v1 IS
  'Windows that staff emptied: whose, by whom and why, and the units that were forgiven. Past usage stays on record';
COMMENT ON COLUMN rollgate_audit.resets_v1.id          IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.resets_v1.at          IS 'when the windows were emptied';
COMMENT ON COLUMN rollgate_audit.resets_v1.account     IS 'the account';
COMMENT ON COLUMN rollgate_audit.resets_v1.api         IS
  'the API that was named; one of a group that is counted together stands for the group';
COMMENT ON COLUMN rollgate_audit.resets_v1.subject     IS 'key of the subject; NULL: every subject of the API';
COMMENT ON COLUMN rollgate_audit.resets_v1.subjects    IS 'number of subjects whose windows held units';
COMMENT ON COLUMN rollgate_audit.resets_v1.minute_used IS 'units that counted in the last 60 s and were forgiven, of all these subjects';
COMMENT ON COLUMN rollgate_audit.resets_v1.hour_used   IS 'units that counted in the last 3,600 s and were forgiven';
COMMENT ON COLUMN rollgate_audit.resets_v1.actor       IS 'who did it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.resets_v1.role        IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.resets_v1.address     IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.resets_v1.request_id  IS 'ID of the HTTP request';
COMMENT ON COLUMN rollgate_audit.resets_v1.reason      IS 'reason given';
COMMENT ON COLUMN rollgate_audit.resets_v1.ticket      IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.resets_v1.hash        IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';

CREATE OR REPLACE VIEW rollgate_audit.sign_ins_v1 AS
SELECT l.id, l.first_at, l.last_at, l.times, l.outcome, l.method, l.login, l.staff_id, p.role AS staff_role, l.address, l.user_agent,
       l.request_id
FROM rollgate.sign_in_log l
LEFT JOIN rollgate.staff p ON p.id = l.staff_id;

COMMENT ON VIEW rollgate_audit.sign_ins_v1 IS
  'Who signed in to the service and who tried to, who signed out, whose session ended, and which tokens were used. Kept for 400 days by '
  'default';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.id         IS 'order in which the rows were recorded';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.first_at   IS 'when, or the first time';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.last_at    IS 'the last time; the same as first_at unless times is above 1';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.times      IS
  'how often: refusals without a login are one row a minute and address, uses of a token one row an hour and address';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.outcome    IS
  'signed_in; wrong_password; unknown: no such login; disabled: the password was right; too_many_attempts; oidc_refused: the identity '
  'provider or the role map refused; signed_out; session_ended: it expired, was replaced, or was ended by an admin or a new password; '
  'token_used; token_refused: unknown, expired or revoked';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.method     IS 'password, oidc or token';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.login      IS
  'login as typed, or of the person; name of the token; NULL: not known, or rows of many logins';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.staff_id   IS 'id of the person with that login; NULL: none, or a token';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.staff_role IS 'role of that person now';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.address    IS 'network address; of an ended session, the address of its sign-in';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.user_agent IS 'browser or program, as it names itself';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.request_id IS 'HTTP request ID of the first time; NULL: not a request, or many';

CREATE OR REPLACE VIEW rollgate_audit.staff_history_v1 AS
SELECT h.id, h.at, h.kind, h.action, h.target,
       coalesce(h.after, h.before) ->> CASE h.kind WHEN 'staff' THEN 'login' ELSE 'name' END AS name,
       h.actor, h.role AS actor_role, h.address, h.request_id, h.before ->> 'role' AS role_before, h.after ->> 'role' AS role,
       h.reason, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind IN ('staff', 'token');

COMMENT ON VIEW rollgate_audit.staff_history_v1 IS 'Every change of permissions in the service: people and tokens';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.id          IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.at          IS 'when';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.kind        IS 'staff: a person; token: a program';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.action      IS 'e.g. add, role, disable, enable, password, create, revoke';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.target      IS 'id of the person or token';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.name        IS 'login of the person, name of the token';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.actor       IS 'who changed it';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.actor_role  IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.address     IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.request_id  IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.role_before IS 'role of the person or token before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.role        IS 'role of the person or token after';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.reason      IS 'reason given; NULL: none';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.before      IS 'the whole entry before, without secrets';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.after       IS 'the whole entry after, without secrets';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.hash        IS 'SHA-256 of this row and all before it';

CREATE OR REPLACE VIEW rollgate_audit.usage_by_day_v1 AS
SELECT d.day, s.account, s.api, CASE WHEN s.api LIKE '@%' THEN substr(s.api, 2) ELSE c.group_id END AS group_id,
       coalesce(p.plan, '') AS plan, d.admitted, d.denied, d.shadow, d.outage, d.peak_minute, d.peak_hour, d.minutes_denied
FROM rollgate.usage_day d
JOIN rollgate.usage_series s ON s.id = d.series
LEFT JOIN rollgate.catalogue c ON c.api = s.api
LEFT JOIN LATERAL (
  SELECT a.plan FROM rollgate.plan_assignment a
  WHERE a.account = s.account AND rollgate.in_force(a.starts_at, a.ends_at, d.day::timestamp AT TIME ZONE 'UTC')
  ORDER BY a.starts_at DESC LIMIT 1
) p ON true
WHERE d.day < (SELECT r.days_to FROM rollgate.roll_up r);

COMMENT ON VIEW rollgate_audit.usage_by_day_v1 IS
  'Usage by day (UTC), account, API and plan, in units: of days that are complete; kept for ever';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.day            IS 'the day';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.account        IS 'the account; * where events combine all accounts';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.api            IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.group_id       IS 'group of the API; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.plan           IS
  'plan assigned to the account at the start of the day; empty: none. A plan that only its calls bring is not on record';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.admitted       IS 'units granted and not refunded';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.denied         IS 'units of calls that were denied';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.shadow         IS 'units of calls above the limit that were let through in shadow mode';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.outage         IS
  'units of calls above the limit that were decided while the database was away, denied or let through';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.peak_minute    IS
  'highest usage of the 60 s window of one subject, as in usage_by_hour_v1';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.peak_hour      IS
  'highest usage of the 3,600 s window of one subject, as in usage_by_hour_v1';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.minutes_denied IS 'minutes with a denied call';

CREATE OR REPLACE VIEW rollgate_audit.usage_by_hour_v1 AS
SELECT h.hour, s.account, s.api, CASE WHEN s.api LIKE '@%' THEN substr(s.api, 2) ELSE c.group_id END AS group_id,
       coalesce(p.plan, '') AS plan, h.admitted, h.denied, h.shadow, h.outage, h.peak_minute, h.peak_hour, h.minutes_denied
FROM rollgate.usage_hour h
JOIN rollgate.usage_series s ON s.id = h.series
LEFT JOIN rollgate.catalogue c ON c.api = s.api
LEFT JOIN LATERAL (
  SELECT a.plan FROM rollgate.plan_assignment a
  WHERE a.account = s.account AND rollgate.in_force(a.starts_at, a.ends_at, h.hour)
  ORDER BY a.starts_at DESC LIMIT 1
) p ON true
WHERE h.hour < (SELECT r.rolled_to FROM rollgate.roll_up r);

COMMENT ON VIEW rollgate_audit.usage_by_hour_v1 IS
  'Usage by hour (UTC), account, API and plan, in units: of hours that are complete, which is some minutes after their end, and as far '
  'back as the service keeps them (400 days by default). A condition on hour limits which months are read';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.hour           IS 'start of the hour';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.account        IS 'the account; * where events combine all accounts';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.api            IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.group_id       IS 'group of the API; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.plan           IS
  'plan assigned to the account at the start of the hour; empty: none. A plan that only its calls bring is not on record';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.admitted       IS 'units granted and not refunded';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.denied         IS 'units of calls that were denied';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.shadow         IS 'units of calls above the limit that were let through in shadow mode';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.outage         IS
  'units of calls above the limit that were decided while the database was away, denied or let through';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.peak_minute    IS
  'highest usage of the 60 s window of one subject at a second of the hour with units. It stays when units are refunded later';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.peak_hour      IS
  'highest usage of the 3,600 s window of one subject at a second of the hour with units. It stays when units are refunded later';
COMMENT ON COLUMN rollgate_audit.usage_by_hour_v1.minutes_denied IS 'minutes with a denied call';

CREATE OR REPLACE VIEW rollgate_audit.usage_by_minute_v1 AS
SELECT rollgate.decode_part(split_part(m.subject, '/', 1)) AS account, split_part(m.subject, '/', 2) AS api, m.subject,
       to_timestamp(m.minute * 60::float8) AS minute, m.sums[cardinality(m.sums)]::bigint AS units
FROM rollgate.minutes_on_record m
WHERE m.sums[cardinality(m.sums)] > 0;

COMMENT ON VIEW rollgate_audit.usage_by_minute_v1 IS
  'Units granted by subject and minute, including the current minute, as far back as minutes are kept (a day by default). On '
  'Postgres 18 a condition on subject finds its rows by index';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.account IS 'the account';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.api     IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.subject IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.minute  IS 'start of the minute';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.units   IS 'units granted in it and not refunded';

CREATE OR REPLACE VIEW rollgate_audit.usage_now_v1 AS
SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, u.minute_remaining, u.hour_used, u.hour_limit, u.hour_remaining,
       u.source, u.mode, u.last_granted_at
FROM rollgate_audit.usage_at(NULL) u;

COMMENT ON VIEW rollgate_audit.usage_now_v1 IS
  'Subjects that have units in a window now, with both windows and the effective limits. Reads every counter, whatever the '
  'condition: rollgate_audit.usage_of reads one account, rollgate_audit.near_limit those near a limit';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.account          IS 'the account';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.api              IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.subject          IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_used      IS 'units in the last 60 s';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_limit     IS 'units allowed in any 60 s; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_remaining IS 'units still free in the minute window';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_used        IS 'units in the last 3,600 s';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_limit       IS 'units allowed in any 3,600 s; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_remaining   IS 'units still free in the hour window';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.source IS
  'default, plan:<id>, or the id of the override that sets the limits';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.mode             IS 'enforced; shadow: denials are recorded, not enforced';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.last_granted_at  IS 'time of the newest grant, in whole seconds';

-- END FUNCTIONS AND VIEWS

-- ==== Triggers

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rollgate.history FOR EACH ROW EXECUTE FUNCTION rollgate.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON rollgate.history FOR EACH STATEMENT EXECUTE FUNCTION rollgate.refuse_change();
CREATE TRIGGER noted AFTER INSERT ON rollgate.freed FOR EACH ROW EXECUTE FUNCTION rollgate.note_freeing();
CREATE TRIGGER removed AFTER DELETE ON rollgate.freed REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION rollgate.note_freed_removed();
CREATE TRIGGER emptied AFTER TRUNCATE ON rollgate.freed FOR EACH STATEMENT EXECUTE FUNCTION rollgate.note_freed_removed();
