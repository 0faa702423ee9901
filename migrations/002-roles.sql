-- Who may do what. Tables are private: everybody but the owner works through functions and the views of `audit`.
--
-- Roles belong to the whole server, so another database of it may have made them already. Passwords are set by whoever
-- runs the server (`ALTER ROLE rollgate_runtime PASSWORD '…'`): a role without one can't sign in where passwords are asked.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_owner') THEN
    CREATE ROLE rollgate_owner NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_runtime') THEN
    CREATE ROLE rollgate_runtime LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_maintenance') THEN
    CREATE ROLE rollgate_maintenance LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_admin_api') THEN
    -- The service decides (its own sign-in is limited) and keeps house, besides what it is there for.
    CREATE ROLE rollgate_admin_api LOGIN IN ROLE rollgate_runtime, rollgate_maintenance;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_auditor') THEN
    -- An idle transaction keeps old row versions of hot rows alive, a heavy query takes a core: both end by themselves.
    CREATE ROLE rollgate_auditor LOGIN CONNECTION LIMIT 10;
    ALTER ROLE rollgate_auditor SET default_transaction_read_only = on;
    ALTER ROLE rollgate_auditor SET statement_timeout = '30s';
    ALTER ROLE rollgate_auditor SET idle_in_transaction_session_timeout = '15s';
    ALTER ROLE rollgate_auditor SET timezone = 'UTC';
    ALTER ROLE rollgate_auditor SET search_path = 'audit';
  END IF;
EXCEPTION
  -- Another database of the server was a moment faster; what it made is there once it has committed.
  WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- Only a member of the owner can hand it tables. A superuser needs not be one.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'rollgate_owner', 'MEMBER') THEN
    EXECUTE format('GRANT rollgate_owner TO %I', current_user);
  END IF;
END $$;

-- What is in the schema belongs to the owner. Later migrations end with a call of this.
CREATE FUNCTION rollgate.hand_over() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_what record;
BEGIN
  FOR v_what IN
    SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS name FROM pg_namespace WHERE nspname IN ('rollgate', 'audit')
    UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text
    FROM pg_class c
    WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('rollgate', 'audit')) AND c.relkind IN ('r', 'p', 'v', 'S')
      AND c.relname NOT IN ('migration', 'migration_id_seq')
      AND pg_get_userbyid(c.relowner) <> 'rollgate_owner'
      -- a sequence of a column goes with its table
      AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'FUNCTION', p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('rollgate', 'audit'))
      AND pg_get_userbyid(p.proowner) <> 'rollgate_owner'
  LOOP
    EXECUTE format('ALTER %s %s OWNER TO rollgate_owner', v_what.kind, v_what.name);
    IF v_what.kind = 'FUNCTION' THEN
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_what.name);
    END IF;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.hand_over IS 'Gives every table, view and function of the schemas to rollgate_owner and takes it from PUBLIC; a migration ends with it';

-- Functions that run with the owner's rights look names up where nobody else can put any.
ALTER FUNCTION rollgate.acquire(int[], text[], int[], int[], int[], int[], timestamptz) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.peek(int, text[], timestamptz) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.list_subjects(int, text, text, int, timestamptz) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.refund(int, text, int, int) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.reset(int, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.recently_freed() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION rollgate.sweep(int, text, text, int, int, int, timestamptz) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

SELECT rollgate.hand_over();

GRANT USAGE ON SCHEMA rollgate TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT SELECT ON rollgate.migration TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.acquire(int[], text[], int[], int[], int[], int[], timestamptz),
  rollgate.peek(int, text[], timestamptz),
  rollgate.list_subjects(int, text, text, int, timestamptz),
  rollgate.refund(int, text, int, int),
  rollgate.reset(int, text),
  rollgate.recently_freed()
  TO rollgate_runtime;
GRANT EXECUTE ON FUNCTION rollgate.sweep(int, text, text, int, int, int, timestamptz) TO rollgate_maintenance;
