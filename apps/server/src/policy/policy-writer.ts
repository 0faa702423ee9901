/**
 * Changes limits. Each method calls the SQL function of its name, then refreshes this instance's limiter so that the change
 * applies here at once.
 *
 * Each method makes the change and builds its response in one transaction. A change whose response cannot be built is rolled
 * back, so a change that is reported as failed can be retried. Each throws a QueryFailedError for a refusal; the problem
 * filter maps its SQLSTATE (RG…).
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource, type EntityManager } from 'typeorm';
import { authorOf, type Caller } from '../authentication/caller.js';
import type { Lowered } from '../database/refusals.js';
import { LIMITER } from '../limiting/limiter-token.js';
import type { ScopeColumns } from '../limiting/subjects.js';
import type { ApiColumns } from './catalogue/api-rows.js';
import type { RequestColumns } from './limit-requests/request-rows.js';
import { type LimitValues, limitColumns, type OverrideValues, overrideColumns } from './limit-values.js';
import type { OverrideColumns } from './overrides/override-rows.js';
import type { AssignmentColumns, PlanColumns } from './plans/plan-rows.js';

/** What a change did. */
export interface Changed<Row> {
  /** As this change left it, whatever other callers do meanwhile. */
  readonly row: Row;
  /** The change's row in the history. */
  readonly historyId: number;
  readonly lowered: Lowered[];
}

/** Builds the response. It reads through the manager, in the transaction of the change. */
type Respond<Row, Answer> = (changed: Changed<Row>, manager: EntityManager) => Answer | Promise<Answer>;

interface ByCaller {
  readonly caller: Caller;
  readonly reason: string;
}

/** A row at the version that the caller has seen; null: at any version. */
interface AtVersion {
  readonly id: string;
  readonly version: number | null;
}

interface NewOverride extends ByCaller {
  readonly scope: ScopeColumns;
  readonly values: OverrideValues;
}

interface RestoredOverride extends ByCaller, AtVersion {
  /** null: permanent. */
  readonly expiresAt: string | null;
  readonly allowLowering: boolean;
}

interface ApiChange extends ByCaller {
  readonly api: string;
  readonly version: number;
  readonly values: {
    /** null: as shipped. */
    readonly perMinute?: number | null | undefined;
    readonly perHour?: number | null | undefined;
    readonly shadow?: boolean | undefined;
    readonly allowLowering?: boolean | undefined;
  };
  readonly ticket: string | null;
}

interface NewRequest extends ByCaller {
  readonly scope: ScopeColumns;
  readonly values: LimitValues;
  /** null: permanent. */
  readonly until: string | null;
  readonly ticket: string | null;
  readonly needsAdmin: boolean;
}

interface RequestDecision extends AtVersion {
  readonly caller: Caller;
  readonly approve: boolean;
  /** What the override gets instead of what was requested. */
  readonly values?: OverrideValues;
  /** Shown to the customer. */
  readonly answer: string | null;
}

interface NewPlan extends ByCaller {
  readonly id: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** As the SQL function names them. */
  readonly limits: readonly object[];
}

interface PlanChange extends ByCaller, AtVersion {
  readonly values: {
    readonly title?: string | undefined;
    readonly description?: string | undefined;
    readonly limits?: readonly object[] | undefined;
    readonly retired?: boolean | undefined;
    readonly allowLowering?: boolean | undefined;
  };
}

interface NewAssignment extends ByCaller {
  readonly account: string;
  readonly plan: string;
  readonly startsAt?: string | undefined;
  /** null: no end. */
  readonly endsAt?: string | null | undefined;
  readonly ticket?: string | null | undefined;
  readonly allowLowering?: boolean | undefined;
}

interface EndedAssignment extends ByCaller, AtVersion {
  /** null: now. */
  readonly endsAt: string | null;
  readonly allowLowering: boolean;
}

/** The first four parameters of every statement. */
const BY = 'ROW($1, $2, $3, $4)::rollgate.author';

@Injectable()
export class PolicyWriter {
  constructor(
    private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  createOverride<Answer>(
    { scope, values, reason, caller }: NewOverride,
    respond: Respond<OverrideColumns, Answer>,
  ): Promise<Answer> {
    const given = [JSON.stringify({ ...scope, ...overrideColumns(values), reason })];
    return this.#change({ sql: changedBy(`create_override($5, ${BY})`), caller, given }, respond);
  }

  changeOverride<Answer>(
    { id, version, values, reason, caller }: ByCaller & AtVersion & { readonly values: OverrideValues },
    respond: Respond<OverrideColumns, Answer>,
  ): Promise<Answer> {
    const given = [id, version, JSON.stringify(overrideColumns(values)), reason];
    return this.#change({ sql: changedBy(`change_override($5, $6, $7, $8, ${BY})`), caller, given }, respond);
  }

  expireOverride<Answer>(
    { id, version, reason, caller }: ByCaller & AtVersion,
    respond: Respond<OverrideColumns, Answer>,
  ): Promise<Answer> {
    const given = [id, version, reason];
    return this.#change({ sql: changedBy(`expire_override($5, $6, $7, ${BY})`), caller, given }, respond);
  }

  restoreOverride<Answer>(
    { id, version, expiresAt, reason, allowLowering, caller }: RestoredOverride,
    respond: Respond<OverrideColumns, Answer>,
  ): Promise<Answer> {
    const given = [id, version, expiresAt, reason, allowLowering];
    return this.#change({ sql: changedBy(`restore_override($5, $6, $7, $8, ${BY}, $9)`), caller, given }, respond);
  }

  changeCatalogue<Answer>(
    { api, version, values, reason, ticket, caller }: ApiChange,
    respond: Respond<ApiColumns, Answer>,
  ): Promise<Answer> {
    const { perMinute, perHour, shadow, allowLowering } = values;
    const changes = { per_minute: perMinute, per_hour: perHour, shadow, allow_lowering: allowLowering };
    const given = [api, version, JSON.stringify(changes), reason, ticket];
    return this.#change({ sql: changedBy(`change_catalogue($5, $6, $7, $8, $9, ${BY})`), caller, given }, respond);
  }

  createPlan<Answer>({ caller, ...spec }: NewPlan, respond: Respond<PlanColumns, Answer>): Promise<Answer> {
    return this.#change({ sql: changedBy(`create_plan($5, ${BY})`), caller, given: [JSON.stringify(spec)] }, respond);
  }

  changePlan<Answer>(
    { id, version, values, reason, caller }: PlanChange,
    respond: Respond<PlanColumns, Answer>,
  ): Promise<Answer> {
    const { allowLowering, ...changes } = values;
    const given = [id, version, JSON.stringify({ ...changes, allow_lowering: allowLowering }), reason];
    return this.#change({ sql: changedBy(`change_plan($5, $6, $7, $8, ${BY})`), caller, given }, respond);
  }

  /** Assigns a plan to an account, and ends its assignment before. */
  assignPlan<Answer>(
    { caller, ...assignment }: NewAssignment,
    respond: Respond<AssignmentColumns, Answer>,
  ): Promise<Answer> {
    const given = [JSON.stringify(assignmentColumns(assignment))];
    return this.#change({ sql: changedBy(`assign_plan($5, ${BY})`), caller, given }, respond);
  }

  endAssignment<Answer>(
    { id, version, endsAt, reason, allowLowering, caller }: EndedAssignment,
    respond: Respond<AssignmentColumns, Answer>,
  ): Promise<Answer> {
    const given = [id, version, endsAt, reason, allowLowering];
    return this.#change({ sql: changedBy(`end_assignment($5, $6, $7, $8, ${BY}, $9)`), caller, given }, respond);
  }

  /** Files a limit request. */
  askLimit<Answer>(
    { scope, values, until, reason, ticket, needsAdmin, caller }: NewRequest,
    respond: Respond<RequestColumns, Answer>,
  ): Promise<Answer> {
    const spec = { ...scope, ...limitColumns(values), until, reason, ticket, needs_admin: needsAdmin };
    return this.#change(
      {
        sql: `SELECT r.*, NULL AS lowered FROM rollgate.ask_limit($5, ${BY}) r`,
        caller,
        given: [JSON.stringify(spec)],
      },
      respond,
    );
  }

  /** Approves a limit request, which creates its override, or declines it. */
  decideRequest<Answer>(
    { id, version, approve, values = {}, answer, caller }: RequestDecision,
    respond: Respond<RequestColumns, Answer>,
  ): Promise<Answer> {
    const given = [id, version, approve, JSON.stringify(overrideColumns(values)), answer];
    return this.#change({ sql: changedBy(`decide_request($5, $6, $7, $8, $9, ${BY})`), caller, given }, respond);
  }

  #change<Row extends { readonly history_id: string }, Answer>(
    { sql, caller, given }: { sql: string; caller: Caller; given: readonly unknown[] },
    respond: Respond<Row, Answer>,
  ): Promise<Answer> {
    return this.inTransaction(async (manager) => {
      const [changed] = await manager.query<ChangedRow<Row>[]>(sql, [...authorOf(caller), ...given]);
      const { lowered, ...row } = changed as ChangedRow<Row>;
      const historyId = Number(row.history_id);
      return await respond({ row: row as unknown as Row, historyId, lowered: lowered ?? [] }, manager);
    });
  }

  /** Runs a change in one transaction, then refreshes this instance's limiter. */
  async inTransaction<Answer>(change: (manager: EntityManager) => Promise<Answer>): Promise<Answer> {
    const answer = await this.database.transaction(change);
    // The change is committed. This instance also polls every second, and logs polls that fail.
    await this.limiter.refreshPolicy().catch(() => undefined);
    return answer;
  }
}

/** SQL: the columns of the changed row, and what the change lowered. */
function changedBy(call: string): string {
  return `SELECT (c.changed).*, c.lowered FROM rollgate.${call} c`;
}

type ChangedRow<Row> = Row & { readonly lowered: Lowered[] | null };

export function assignmentColumns({ startsAt, endsAt, allowLowering, ...rest }: Omit<NewAssignment, 'caller'>) {
  return { ...rest, starts_at: startsAt, ends_at: endsAt, allow_lowering: allowLowering };
}
