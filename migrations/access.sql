-- Grants. Tables are private: all roles but the owner use functions and the views of rollgate_audit.
--
-- Runs at the end of every migration, in its transaction, as rollgate_owner, and may be repeated. roles.ts creates the roles before.
-- access.ts revokes functions from PUBLIC and grants those of rollgate_audit to auditors. Every object is named, so objects of other
-- applications in the same schema are not changed.

-- Programs that decide calls.
GRANT USAGE ON SCHEMA rollgate TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT USAGE ON TYPE rollgate.author TO rollgate_runtime, rollgate_admin_api;
GRANT SELECT ON rollgate.migration, rollgate.installation TO rollgate_runtime, rollgate_maintenance, rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.acquire(int[], text[], int[], int[], int[], int[], timestamptz, boolean),
  rollgate.flush(boolean),
  rollgate.peek(int, text[], timestamptz),
  rollgate.list_subjects(int, text, text, int, timestamptz),
  rollgate.refund(int, text, int, int, text),
  rollgate.reset(int, text, text),
  rollgate.freed_since(text, pg_snapshot),
  rollgate.server_state(),
  rollgate.schema_version(),
  rollgate.register_catalogue(text, jsonb, rollgate.author, boolean),
  rollgate.sync_instance(text, text, bigint, text, timestamptz, text, int, text),
  rollgate.report_clock_jump(text, float8, float8),
  rollgate.leave_instance(text),
  rollgate.report_use(jsonb),
  rollgate.write_events(jsonb),
  rollgate.ask_limit(jsonb, rollgate.author),
  rollgate.requests_of(text, text, text, bigint, int)
  TO rollgate_runtime;

-- The janitor.
GRANT EXECUTE ON FUNCTION
  rollgate.sweep_freed(interval),
  rollgate.sweep(int, text, text, int, int, int, timestamptz),
  rollgate.maintain_events(int, int, timestamptz),
  rollgate.roll_up_step(int, int, timestamptz, int, int),
  rollgate.prune_access(int)
  TO rollgate_maintenance;

-- The service.
GRANT SELECT ON
  rollgate.ledger, rollgate.catalogue, rollgate.catalogue_owner, rollgate.override, rollgate.override_use, rollgate.plan,
  rollgate.plan_limit, rollgate.plan_assignment, rollgate.limit_request, rollgate.policy_file,
  rollgate.ceiling, rollgate.history, rollgate.instance, rollgate.quarantine, rollgate.limit_event, rollgate.retention,
  rollgate.usage_series, rollgate.usage_hour, rollgate.usage_day, rollgate.denial_hour, rollgate.usage_late, rollgate.roll_up,
  rollgate.override_history, rollgate.request_history, rollgate.least_default
  TO rollgate_admin_api;
GRANT SELECT ON rollgate.sign_in_log, rollgate.access_log TO rollgate_admin_api;
GRANT SELECT, INSERT, UPDATE ON rollgate.staff, rollgate.service_token TO rollgate_admin_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollgate.staff_session, rollgate.sign_in_attempt TO rollgate_admin_api;
GRANT USAGE ON SEQUENCE rollgate.staff_number, rollgate.service_token_number TO rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.create_override(jsonb, rollgate.author),
  rollgate.change_override(text, int, jsonb, text, rollgate.author),
  rollgate.expire_override(text, int, text, rollgate.author),
  rollgate.restore_override(text, int, timestamptz, text, rollgate.author, boolean),
  rollgate.change_catalogue(text, int, jsonb, text, text, rollgate.author),
  rollgate.undo(bigint, text, rollgate.author, boolean),
  rollgate.undo_batch(text, text, rollgate.author, boolean),
  rollgate.import_overrides(text, jsonb, rollgate.author),
  rollgate.import_assignments(text, jsonb, rollgate.author),
  rollgate.accounts_matching(text),
  rollgate.decide_request(text, int, boolean, jsonb, text, rollgate.author),
  rollgate.record_staff(text, text, text, rollgate.author, jsonb, jsonb, text),
  rollgate.note_sign_in(text, text, text, text, text, text, text, int),
  rollgate.note_access(rollgate.author, text, text, text, jsonb),
  rollgate.note_export_end(bigint, bigint, boolean),
  rollgate.verify_history(),
  rollgate.register_catalogue(text, jsonb, rollgate.author, boolean),
  rollgate.create_plan(jsonb, rollgate.author),
  rollgate.change_plan(text, int, jsonb, text, rollgate.author),
  rollgate.preview_plan(text, jsonb),
  rollgate.assign_plan(jsonb, rollgate.author),
  rollgate.end_assignment(text, int, timestamptz, text, rollgate.author, boolean),
  rollgate.preview_assignment(jsonb),
  rollgate.policy_items(timestamptz),
  rollgate.lock_policy(),
  rollgate.keep_policy_file(text, jsonb),
  rollgate.record_policy_file(text, jsonb, text, text, rollgate.author),
  rollgate.plan_facts(rollgate.plan),
  rollgate.plan_limit_rank(text, text),
  rollgate.preview_override(jsonb),
  rollgate.preview_end(text[]),
  rollgate.reset_by_staff(int, text, text, text, text, text, rollgate.author),
  rollgate.account_seen(text),
  rollgate.is_internal(text),
  rollgate.in_force(timestamptz, timestamptz, timestamptz),
  rollgate.unexpired(timestamptz, timestamptz),
  rollgate.override_state(timestamptz, timestamptz, timestamptz),
  rollgate.override_rank(text, text, text, bigint),
  rollgate.sets_limit(int, int, numeric),
  rollgate.sets_extra(int, int),
  rollgate.scope_covers(text, text, text, text),
  rollgate.limit_under(int, int, numeric),
  rollgate.with_extra(int, int),
  rollgate.base_limits(text, text),
  rollgate.plan_in_force(text, timestamptz, text),
  rollgate.limits_under_plan(text, text, text, text, timestamptz, rollgate.override),
  rollgate.limits_for(text, text, text, timestamptz, rollgate.override, text),
  rollgate.limit_candidates(text, text, text, timestamptz, text),
  rollgate.default_limit(int, int),
  rollgate.default_limits(rollgate.catalogue),
  rollgate.explain_denial(text),
  rollgate.limit_as_of(text, text, text, timestamptz, text),
  rollgate.recheck_decisions(timestamptz, timestamptz),
  rollgate.find_accounts(text, text, int),
  rollgate.find_subjects(text, int),
  rollgate.dimensions_of(text, text[], text),
  rollgate.filled_pairs(int[]),
  rollgate.value_hash(text, int),
  rollgate.count_denials(timestamptz, timestamptz, text, text, text, text, text, text),
  rollgate.denial_hours(timestamptz, timestamptz, int, text, text, text, text),
  rollgate.usage_by_minute(int, text, timestamptz),
  rollgate.usage_by_second(int, text, timestamptz),
  rollgate.peak_usage(int, text, timestamptz),
  rollgate.calls_on_record(text[], text[], int[], int, int, int, int),
  rollgate.minutes_of_subjects(int[], text[], int, int),
  rollgate.oldest_minute(text[]),
  rollgate.near_limit(int, int, timestamptz),
  rollgate.encode_part(text),
  rollgate.decode_part(text),
  rollgate.api_of_scope(text)
  TO rollgate_admin_api;

-- Auditors.
GRANT USAGE ON SCHEMA rollgate_audit TO rollgate_auditor;
-- The views call these. Without USAGE on their schema an auditor can't call them directly, and they can't call each other for an auditor.
GRANT EXECUTE ON FUNCTION
  rollgate.decode_part(text),
  rollgate.dimensions_of(text, text[], text),
  rollgate.filled_pairs(int[]),
  rollgate.default_limit(int, int),
  rollgate.in_force(timestamptz, timestamptz, timestamptz),
  rollgate.scope_covers(text, text, text, text),
  rollgate.limit_of_window(text, int, int),
  rollgate.recheck_decisions(timestamptz, timestamptz)
  TO rollgate_auditor;
