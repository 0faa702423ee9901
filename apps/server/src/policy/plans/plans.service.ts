import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { problem } from '../../http/problem.js';
import type { PlanLimitInput } from '../../limiting/plan-limit.js';
import { PolicyWriter } from '../policy-writer.js';
import { PLANS, type PlanRow, planView } from './plan-rows.js';
import type { changedPlan, changePlan, createPlan, PlanView, planList, planPreview } from './plans.schemas.js';

type Changed = z.output<typeof changedPlan>;

@Injectable()
export class PlansService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
  ) {}

  /** In the order of their titles, retired ones last. */
  async list(): Promise<z.output<typeof planList>> {
    const rows = await this.database.query<PlanRow[]>(`${PLANS} ORDER BY p.retired_at IS NOT NULL, p.title, p.id`);
    return { items: rows.map(planView) };
  }

  /** @throws HttpException 404 */
  async find(id: string): Promise<PlanView> {
    const rows = await this.database.query<PlanRow[]>(`${PLANS} WHERE p.id = $1`, [id]);
    if (rows[0] === undefined) throw new HttpException(problem(404, `There is no plan "${id}".`), 404);
    return planView(rows[0]);
  }

  async create({ limits, ...input }: z.output<typeof createPlan>, caller: Caller): Promise<Changed> {
    return await this.writer.createPlan({ ...input, limits: limits.map(limitColumns), caller }, answerOf);
  }

  async change(
    { id, version }: { id: string; version: number | null },
    { reason, limits, ...values }: z.output<typeof changePlan>,
    caller: Caller,
  ): Promise<Changed> {
    const changes = limits === undefined ? values : { ...values, limits: limits.map(limitColumns) };
    return await this.writer.changePlan({ id, version, values: changes, reason, caller }, answerOf);
  }

  /** What the plan would change with these limits. */
  async preview(id: string, limits: readonly PlanLimitInput[]): Promise<z.output<typeof planPreview>> {
    const rows = await this.database.query<{ preview: z.output<typeof planPreview> }[]>(
      'SELECT rollgate.preview_plan($1, $2) AS preview',
      [id, JSON.stringify(limits.map(limitColumns))],
    );
    return (rows[0] as (typeof rows)[number]).preview;
  }
}

/** As the SQL functions name them. */
function limitColumns({ group, api, perMinute, perHour, factor }: PlanLimitInput): Record<string, unknown> {
  return { group_id: group, api, per_minute: perMinute, per_hour: perHour, factor };
}

async function answerOf(
  { row, historyId, lowered }: { row: { id: string }; historyId: number; lowered: readonly unknown[] },
  manager: EntityManager,
): Promise<Changed> {
  const rows = await manager.query<PlanRow[]>(`${PLANS} WHERE p.id = $1`, [row.id]);
  return { plan: planView(rows[0] as PlanRow), historyId, lowered: lowered as Changed['lowered'] };
}
