import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import { problem } from '../../http/problem.js';
import { KnownAccounts, refuseInternal } from '../../limiting/known-accounts.service.js';
import { type Changed as Change, PolicyWriter } from '../policy-writer.js';
import { ASSIGNMENTS, type AssignmentColumns, type AssignmentRow, assignmentView } from './plan-rows.js';
import type {
  AssignmentView,
  accountPlan,
  assignmentPage,
  assignmentPreview,
  assignPlan,
  changedAssignment,
  endPlan,
  listPlanAccounts,
  previewAssignment,
} from './plans.schemas.js';

type Changed = z.output<typeof changedAssignment>;

const PAGE = 50;
/** An account's assignments that its page shows. */
const MOST_OF_ACCOUNT = 100;

@Injectable()
export class AssignmentsService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
  ) {}

  /** Who is on a plan, newest assignment first. */
  async list(plan: string, query: z.output<typeof listPlanAccounts>): Promise<z.output<typeof assignmentPage>> {
    const { limit = PAGE, after } = query;
    const conditions = ofPlan(plan, query);
    if (after !== undefined) conditions.add('x.position < ?', fromCursor(after, ['whole'])[0]);
    const rows = await this.database.query<AssignmentRow[]>(
      `SELECT * FROM (${ASSIGNMENTS}) x ${conditions.where} ORDER BY x.position DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item: assignmentView, key: ({ position }) => [Number(position)] });
  }

  /** The whole list, for an export. */
  export(plan: string, query: z.output<typeof listPlanAccounts>): { sql: string; values: unknown[] } {
    const conditions = ofPlan(plan, query);
    return {
      sql: `SELECT * FROM (${ASSIGNMENTS}) x ${conditions.where} ORDER BY x.position DESC`,
      values: conditions.values,
    };
  }

  async ofAccount(account: string): Promise<z.output<typeof accountPlan>> {
    refuseInternal(account);
    const rows = await this.database.query<AssignmentRow[]>(
      `${ASSIGNMENTS} WHERE a.account = $1 ORDER BY a.starts_at DESC LIMIT ${MOST_OF_ACCOUNT}`,
      [account],
    );
    const all = rows.map(assignmentView);
    const current = all.find(({ state }) => state === 'inForce') ?? null;
    return { current, others: all.filter((one) => one !== current) };
  }

  async assign(account: string, input: z.output<typeof assignPlan>, caller: Caller): Promise<Changed> {
    const warnings = await this.known.warningsOf(account, caller);
    const done = await this.writer.assignPlan({ account, ...input, caller }, answerOf);
    return { ...done, warnings };
  }

  async end(
    {
      account,
      version,
      assignment: id,
      endsAt,
      reason,
      allowLowering = false,
    }: z.output<typeof endPlan> & {
      readonly account: string;
      readonly version: number | null;
    },
    caller: Caller,
  ): Promise<Changed> {
    const rows = await this.database.query<unknown[]>(
      'SELECT FROM rollgate.plan_assignment a WHERE a.id = $1 AND a.account = $2',
      [id, account],
    );
    if (rows.length === 0) {
      throw new HttpException(problem(404, `The account "${account}" has no assignment "${id}".`), 404);
    }
    const ended = { id, version, endsAt: endsAt ?? null, reason, allowLowering, caller };
    return await this.writer.endAssignment(ended, answerOf);
  }

  /** What the assignment would change. */
  async preview(
    account: string,
    { plan, startsAt, endsAt }: z.output<typeof previewAssignment>,
  ): Promise<z.output<typeof assignmentPreview>> {
    const rows = await this.database.query<{ preview: z.output<typeof assignmentPreview> }[]>(
      'SELECT rollgate.preview_assignment($1) AS preview',
      [JSON.stringify({ account, plan, starts_at: startsAt, ends_at: endsAt })],
    );
    return (rows[0] as (typeof rows)[number]).preview;
  }
}

function ofPlan(plan: string, { state }: z.output<typeof listPlanAccounts>): Conditions {
  const conditions = new Conditions().add('x.plan = ?', plan);
  return state === 'all' ? conditions : conditions.add('x.state = ?', state);
}

async function answerOf(
  { row, historyId, lowered }: Change<AssignmentColumns>,
  manager: EntityManager,
): Promise<Changed> {
  const rows = await manager.query<AssignmentRow[]>(`${ASSIGNMENTS} WHERE a.id = $1`, [row.id]);
  const assignment: AssignmentView = assignmentView(rows[0] as AssignmentRow);
  return { assignment, historyId, lowered, warnings: [] };
}
