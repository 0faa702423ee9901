-- Staff and machines: who may sign in to the service, their sessions and tokens.
--
-- The service reads and writes these tables itself. Whatever changes who may do what also calls rollgate.record_staff, in the
-- same transaction; secrets are stored as hashes only, and never enter the history.

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

COMMENT ON TABLE  rollgate.staff IS 'People who may sign in to the service. Nobody is ever removed: the history names them';
COMMENT ON COLUMN rollgate.staff.login         IS 'lower case, e.g. ann@example.com; the history''s actor is staff:<login>';
COMMENT ON COLUMN rollgate.staff.password_hash IS 'argon2id; NULL: signs in through the identity provider';
COMMENT ON COLUMN rollgate.staff.oidc_subject  IS 'who it is to the issuer; the role follows the groups there at each sign-in';
COMMENT ON COLUMN rollgate.staff.disabled_at   IS 'since then nobody signs in by it; NULL: enabled';

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

COMMENT ON TABLE  rollgate.staff_session IS 'Who is signed in. A session ends when its row goes, at ends_at, or some time after last_seen_at';
COMMENT ON COLUMN rollgate.staff_session.id           IS 'SHA-256 of the cookie''s secret, in hex';
COMMENT ON COLUMN rollgate.staff_session.last_seen_at IS 'within 10 s';
COMMENT ON COLUMN rollgate.staff_session.address      IS 'where the sign-in came from';

CREATE TABLE rollgate.sign_in_attempt (
  id        text PRIMARY KEY,
  state     text NOT NULL,
  nonce     text NOT NULL,
  verifier  text NOT NULL,
  return_to text NOT NULL,
  ends_at   timestamptz NOT NULL
);
CREATE INDEX ON rollgate.sign_in_attempt (ends_at);

COMMENT ON TABLE  rollgate.sign_in_attempt IS 'Browsers that were sent to the identity provider; each comes back once, within minutes';
COMMENT ON COLUMN rollgate.sign_in_attempt.id       IS 'SHA-256 of the browser''s secret, in hex';
COMMENT ON COLUMN rollgate.sign_in_attempt.verifier IS 'PKCE';

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
-- The history's actor is token:<name>.
CREATE UNIQUE INDEX service_token_name ON rollgate.service_token (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE  rollgate.service_token IS 'Machines that may call the service. Revoked ones stay: the history names them';
COMMENT ON COLUMN rollgate.service_token.hash         IS 'SHA-256 of the token, in hex';
COMMENT ON COLUMN rollgate.service_token.role         IS 'whose ceiling holds for limits it grants; what it may do is in permissions';
COMMENT ON COLUMN rollgate.service_token.expires_at   IS 'works until just before; NULL: for good';
COMMENT ON COLUMN rollgate.service_token.last_used_at IS 'within a minute';

CREATE FUNCTION rollgate.record_staff(
  p_kind text, p_action text, p_target text, p_by rollgate.author, p_before jsonb, p_after jsonb, p_reason text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_kind NOT IN ('staff', 'token') THEN
    RAISE EXCEPTION 'The service writes no history of kind %.', p_kind USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM rollgate.open_ledger(false);
  RETURN rollgate.record(p_kind, p_action, p_target, NULL, p_by, p_before, p_after, nullif(btrim(p_reason), ''));
END $$;

COMMENT ON FUNCTION rollgate.record_staff IS 'Appends a change of a person or a token to the history; returns its row';

SELECT rollgate.hand_over();

GRANT SELECT, INSERT, UPDATE ON rollgate.staff, rollgate.service_token TO rollgate_admin_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollgate.staff_session, rollgate.sign_in_attempt TO rollgate_admin_api;
GRANT USAGE ON SEQUENCE rollgate.staff_number, rollgate.service_token_number TO rollgate_admin_api;
GRANT EXECUTE ON FUNCTION rollgate.record_staff(text, text, text, rollgate.author, jsonb, jsonb, text) TO rollgate_admin_api;
-- The janitor removes what every node has heard of by now.
GRANT SELECT, DELETE ON rollgate.freed TO rollgate_maintenance;
