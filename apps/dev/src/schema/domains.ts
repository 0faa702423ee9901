/** Assigns objects to the files of migrations/schema/. All objects of the schema rollgate_audit belong to `audit`. */

/** In the order in which the files can be executed: an object comes before the objects that use it. */
export const DOMAINS = [
  'roles',
  'counters',
  'policy',
  'instances',
  'staff',
  'events',
  'roll-up',
  'usage',
  'audit',
] as const;

export type Domain = (typeof DOMAINS)[number];

const OBJECTS: Readonly<Partial<Record<Domain, string>>> = {
  counters: `counter bucket lane freed freed_removed acquire acquire_cold acquire_lane decide_lane try_lane units_of_minute
    empty_windows enter_lanes first_counted fits_at_once flush free_units
    freed_since grant_place hour_base hour_reset is_near least_keep_seconds limit_of_window list_subjects minute_base minute_reset minutes_on_record
    note_freed_removed oldest_second peek refund reset schema_version second_of server_life server_place sweep
    sweep_freed units_until window_base window_buckets`,
  policy: `author installation ledger catalogue catalogue_owner override override_number override_use plan
    plan_limit plan_assignment plan_assignment_number policy_file limit_request limit_request_number ceiling history batch_number
    add_override ask_limit assign_plan assigned_accounts assignment_effects assignment_facts backdated_facts base_limits
    catalogue_facts catalogue_history change_catalogue change_override change_plan check_assigned_ceiling check_ceiling check_extra_ceiling
    create_override create_plan decide_request default_limit default_limits definition_text end_assignment expire_override
    fill_override history_hash in_force is_catalogue_new is_internal keep_policy_file least_default limit_candidates limit_under limits_for
    limits_under_plan limits_under_rows lock_policy lowered_by lowered_by_assignment lowered_by_end lowered_by_plan
    lowered_defaults lowered_facts lowering need_admin need_reason open_ledger override_at override_effects
    override_facts override_history override_rank override_state plan_at plan_effects plan_facts plan_in_force
    plan_limit_rank policy_items preview_assignment preview_end preview_override preview_plan put_assignment put_catalogue
    put_definition put_override put_plan_limits record record_policy_file refuse_above_ceiling refuse_bad_catalogue refuse_catalogue_conflicts refuse_change
    refuse_factor refuse_internal refuse_loose_times refuse_lowering refuse_retired refuse_unknown
    register_catalogue report_use request_facts request_history reset_by_staff restore_override retire_api scope_covers
    sets_extra sets_limit settle_assignment settle_override shipped_definition undo unexpired utc verify_history with_extra
    import_overrides import_assignments new_override new_assignment store_override store_assignment open_batch close_batch
    undo_batch undo_needs_consent changed_since revert revert_override revert_catalogue revert_plan revert_assignment
    refuse_second_plan refuse_changed_batch need_limits_role policy_of put_plan`,
  instances: `instance instance_peak server quarantine second_seen begin_quarantine count_instances leave_instance most_instances
    note_second note_server place_reason quarantine_in_force report_clock_jump server_state sync_instance`,
  staff: `staff staff_number staff_session sign_in_attempt sign_in_log access_log service_token service_token_number note_access
    note_export_end note_sign_in prune_access record_staff`,
  events: `limit_event limit_event_row event_class event_instance dimensions_of event_class_key filled_pairs is_filling_noted
    note_event_classes value_hash value_hashes freeing retention decision_number explain_denial lanes_of limit_as_of maintain_events make_event_day
    note_freeing recheck_decisions units_by_second window_filling write_events`,
  'roll-up': `usage_series usage_hour usage_day denial_hour usage_refund usage_late usage_day_due roll_up begin_roll_up begin_stage
    count_denials denial_hours reopened_hours drop_usage_month end_hour hour_is_sealed hour_number lane_holders make_usage_month roll_up_day roll_up_denials roll_up_page
    roll_up_refunds roll_up_step roll_up_units seal_hour`,
  usage: `account_seen api_of_scope calls_on_record decode_part encode_part find_accounts find_subjects heads_of key_scopes live_usage minutes_of_subjects near_limit oldest_minute peak_usage requests_of usage_at
    usage_by_minute usage_by_second usage_of accounts_matching`,
};

const DOMAIN_OF: ReadonlyMap<string, Domain> = new Map(
  DOMAINS.flatMap((domain) => (OBJECTS[domain] ?? '').split(/\s+/).map((name) => [name, domain] as const)),
);

/** @throws Error for an object without a domain */
export function domainOf(schema: string, name: string): Domain {
  const domain = schema === 'rollgate_audit' ? 'audit' : DOMAIN_OF.get(name);
  if (domain === undefined) throw new Error(`add ${schema}.${name} to a domain in apps/dev/src/schema/domains.ts`);
  return domain;
}
