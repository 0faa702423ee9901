/** Plans and assignments as rows of the database. */
import type { AssignmentView, PlanView } from './plans.schemas.js';

/** A plan as a change returns it. */
export interface PlanColumns {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly changed_by: string;
  readonly changed_at: Date;
  readonly retired_at: Date | null;
  readonly history_id: string;
}

export interface PlanRow extends PlanColumns {
  readonly limits: PlanView['limits'];
  readonly accounts: number;
}

/** An assignment as a change returns it. */
export interface AssignmentColumns {
  readonly id: string;
  readonly account: string;
  readonly plan: string;
  readonly starts_at: Date;
  readonly ends_at: Date | null;
  readonly reason: string;
  readonly ticket: string | null;
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly history_id: string;
}

export interface AssignmentRow extends AssignmentColumns {
  readonly plan_title: string;
  readonly state: AssignmentView['state'];
  /** Creation time in microseconds, for paging. */
  readonly position: string;
}

export const PLANS = `
  SELECT p.*, rollgate.plan_facts(p) -> 'limits' AS limits, (
    SELECT count(*)::int FROM rollgate.plan_assignment a WHERE a.plan = p.id AND rollgate.in_force(a.starts_at, a.ends_at, t.now)) AS accounts
  FROM (SELECT clock_timestamp() AS now OFFSET 0) t CROSS JOIN rollgate.plan p`;

export const ASSIGNMENTS = `
  SELECT a.*, p.title AS plan_title, rollgate.override_state(a.starts_at, a.ends_at, t.now) AS state,
         substr(a.id, 5)::bigint AS position
  FROM (SELECT clock_timestamp() AS now OFFSET 0) t
  CROSS JOIN rollgate.plan_assignment a JOIN rollgate.plan p ON p.id = a.plan`;

export function planView(row: PlanRow): PlanView {
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    limits: row.limits,
    accounts: row.accounts,
    retiredAt: row.retired_at?.toISOString() ?? null,
    version: row.version,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}

export function assignmentView(row: AssignmentRow): AssignmentView {
  return {
    id: row.id,
    account: row.account,
    plan: row.plan,
    planTitle: row.plan_title,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at?.toISOString() ?? null,
    state: row.state,
    reason: row.reason,
    ticket: row.ticket,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    version: row.version,
  };
}
