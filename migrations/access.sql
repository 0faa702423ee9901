-- Who may do what. Tables are private: everyone but the owner works through functions and the views of rollgate_audit.
--
-- Runs at the end of every migration, in its transaction, so it may be repeated: it states what holds, whatever was there.
-- Roles belong to the whole server, so another database of it may have made them already. A role without a password
-- (ALTER ROLE rollgate_runtime PASSWORD '…') cannot sign in where passwords are asked.

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
    -- The service decides (its own sign-in is limited) and runs the janitor, besides what it is there for.
    CREATE ROLE rollgate_admin_api LOGIN IN ROLE rollgate_runtime, rollgate_maintenance;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollgate_auditor') THEN
    CREATE ROLE rollgate_auditor LOGIN CONNECTION LIMIT 10;
  END IF;
  -- An idle transaction keeps old row versions of hot rows alive, a heavy query takes a core: both end by themselves.
  ALTER ROLE rollgate_auditor SET default_transaction_read_only = on;
  ALTER ROLE rollgate_auditor SET statement_timeout = '30s';
  ALTER ROLE rollgate_auditor SET idle_in_transaction_session_timeout = '15s';
  ALTER ROLE rollgate_auditor SET timezone = 'UTC';
  ALTER ROLE rollgate_auditor SET search_path = 'rollgate_audit';
EXCEPTION
  -- Another database of the server was a moment faster; what it made is there once it has committed.
  WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- Only a member of the owner can give it tables. A superuser needs not be one.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'rollgate_owner', 'MEMBER') THEN
    EXECUTE format('GRANT rollgate_owner TO %I', current_user);
  END IF;
END $$;

-- Every table, view and function belongs to the owner, and no function is open to PUBLIC.
DO $$
DECLARE
  v_what record;
BEGIN
  FOR v_what IN
    SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS name FROM pg_namespace WHERE nspname IN ('rollgate', 'rollgate_audit')
    UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text
    FROM pg_class c
    WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('rollgate', 'rollgate_audit')) AND c.relkind IN ('r', 'p', 'v', 'S')
      AND c.relname NOT IN ('migration', 'migration_id_seq')
      AND pg_get_userbyid(c.relowner) <> 'rollgate_owner'
      -- a sequence of a column goes with its table
      AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'FUNCTION', p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('rollgate', 'rollgate_audit'))
      AND pg_get_userbyid(p.proowner) <> 'rollgate_owner'
  LOOP
    EXECUTE format('ALTER %s %s OWNER TO rollgate_owner', v_what.kind, v_what.name);
    IF v_what.kind = 'FUNCTION' THEN
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_what.name);
    END IF;
  END LOOP;
END $$;

-- Programs that decide.
GRANT USAGE ON SCHEMA rollgate TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT USAGE ON TYPE rollgate.author TO rollgate_runtime, rollgate_admin_api;
GRANT SELECT ON rollgate.migration TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.acquire(int[], text[], int[], int[], int[], int[], timestamptz),
  rollgate.peek(int, text[], timestamptz),
  rollgate.list_subjects(int, text, text, int, timestamptz),
  rollgate.refund(int, text, int, int),
  rollgate.reset(int, text),
  rollgate.recently_freed(),
  rollgate.server_state(),
  rollgate.register_catalogue(jsonb, rollgate.author),
  rollgate.sync_node(text, text, bigint, text, timestamptz),
  rollgate.leave_node(text),
  rollgate.report_use(jsonb),
  rollgate.write_events(jsonb),
  rollgate.ask_limit(jsonb, rollgate.author),
  rollgate.requests_of(text, text, text, bigint, int)
  TO rollgate_runtime;

-- The janitor. It removes what every node has heard of by now.
GRANT SELECT, DELETE ON rollgate.freed TO rollgate_maintenance;
GRANT EXECUTE ON FUNCTION
  rollgate.sweep(int, text, text, int, int, int, timestamptz),
  rollgate.maintain_events(int, int, timestamptz)
  TO rollgate_maintenance;

-- The service.
GRANT SELECT ON
  rollgate.ledger, rollgate.catalogue, rollgate.override, rollgate.override_use, rollgate.limit_request, rollgate.ceiling,
  rollgate.history, rollgate.node, rollgate.limit_event, rollgate.retention, rollgate.override_history, rollgate.request_history
  TO rollgate_admin_api;
GRANT SELECT, INSERT, UPDATE ON rollgate.staff, rollgate.service_token TO rollgate_admin_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollgate.staff_session, rollgate.sign_in_attempt TO rollgate_admin_api;
GRANT USAGE ON SEQUENCE rollgate.staff_number, rollgate.service_token_number TO rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.create_override(jsonb, rollgate.author),
  rollgate.change_override(text, int, jsonb, text, rollgate.author),
  rollgate.expire_override(text, int, text, rollgate.author),
  rollgate.restore_override(text, int, timestamptz, text, rollgate.author),
  rollgate.change_catalogue(text, int, jsonb, text, text, rollgate.author),
  rollgate.undo(bigint, text, rollgate.author),
  rollgate.decide_request(text, int, boolean, jsonb, text, rollgate.author),
  rollgate.record_staff(text, text, text, rollgate.author, jsonb, jsonb, text),
  rollgate.verify_history(),
  rollgate.limits_for(text, text, text, timestamptz),
  rollgate.default_limits(rollgate.catalogue),
  rollgate.explain_denial(text),
  rollgate.limit_as_of(text, text, text, timestamptz),
  rollgate.recheck_decisions(timestamptz, timestamptz),
  rollgate.find_accounts(text, text, int),
  rollgate.find_subjects(text, int),
  rollgate.usage_by_minute(int, text, timestamptz),
  rollgate.usage_by_second(int, text, timestamptz),
  rollgate.peak_usage(int, text, timestamptz),
  rollgate.near_limit(int, int, timestamptz),
  rollgate.encode_part(text),
  rollgate.decode_part(text),
  rollgate.api_of_scope(text)
  TO rollgate_admin_api;

-- Auditors.
GRANT USAGE ON SCHEMA rollgate_audit TO rollgate_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA rollgate_audit TO rollgate_auditor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA rollgate_audit TO rollgate_auditor;
-- Called by the views. Without USAGE on their schema an auditor can't call them by name.
GRANT EXECUTE ON FUNCTION
  rollgate.decode_part(text), rollgate.default_limits(rollgate.catalogue), rollgate.recheck_decisions(timestamptz, timestamptz)
  TO rollgate_auditor;
