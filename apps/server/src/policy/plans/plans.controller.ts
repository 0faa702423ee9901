import { Body, Controller, Get, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { exportOf } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { IfMatch } from '../../http/if-match.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { AssignmentsService } from './assignments.service.js';
import { type AssignmentRow, assignmentView } from './plan-rows.js';
import {
  ASSIGNMENT_EXAMPLE,
  assignmentPage,
  changedPlan,
  changePlan,
  createPlan,
  listPlanAccounts,
  PLAN_EXAMPLE,
  planList,
  planParams,
  planPreview,
  planSchema,
  previewPlan,
} from './plans.schemas.js';
import { PlansService } from './plans.service.js';

const READ = { permission: 'plans.read' } as const;
const WRITE = { permission: 'plans.write' } as const;
const CHANGED = { plan: PLAN_EXAMPLE, historyId: 243, lowered: [] };

@Controller('admin/api/plans')
export class PlansController {
  constructor(
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(AssignmentsService) private readonly assignments: AssignmentsService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @Route({
    id: 'listPlans',
    summary: 'Every plan with its limits and the number of its accounts',
    access: READ,
    response: planList,
    example: { items: [PLAN_EXAMPLE] },
  })
  async list(): Promise<z.output<typeof planList>> {
    return await this.plans.list();
  }

  @Post()
  @Route({
    id: 'createPlan',
    summary: 'Create a plan',
    access: WRITE,
    body: createPlan,
    response: changedPlan,
    example: CHANGED,
    status: 201,
    errors: [404, 409, 422],
  })
  async create(
    @Body(validated(createPlan)) input: z.output<typeof createPlan>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.plans.create(input, caller);
  }

  @Get(':plan')
  @Route({
    id: 'getPlan',
    summary: 'One plan; its ETag is what If-Match wants',
    access: READ,
    params: planParams,
    response: planSchema,
    example: PLAN_EXAMPLE,
    errors: [404],
  })
  async find(
    @Param(validated(planParams)) { plan: id }: z.output<typeof planParams>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const plan = await this.plans.find(id);
    response.setHeader('ETag', `"${plan.version}"`);
    return plan;
  }

  @Patch(':plan')
  @Route({
    id: 'changePlan',
    summary:
      'Change or retire a plan; `limits` replaces all its limits; what gets lower for its accounts needs `allowLowering`',
    access: WRITE,
    params: planParams,
    body: changePlan,
    response: changedPlan,
    example: CHANGED,
    errors: [404, 409, 412, 422, 428],
  })
  async change(
    @Param(validated(planParams)) { plan: id }: z.output<typeof planParams>,
    @IfMatch() version: number,
    @Body(validated(changePlan)) input: z.output<typeof changePlan>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.plans.change({ id, version }, input, caller);
  }

  @Post(':plan/preview')
  @Route({
    id: 'previewPlan',
    summary: 'What a plan would change with these limits, and for how many accounts; the plan may not exist yet',
    access: READ,
    params: planParams,
    body: previewPlan,
    response: planPreview,
    example: {
      accounts: 12,
      lowered: [],
      effects: [
        {
          api: 'publish-bot',
          title: 'Publish bot',
          before: { perMinute: 60, perHour: 1800 },
          after: { perMinute: 300, perHour: 9000 },
        },
      ],
    },
    errors: [422],
  })
  async preview(
    @Param(validated(planParams)) { plan }: z.output<typeof planParams>,
    @Body(validated(previewPlan)) { limits }: z.output<typeof previewPlan>,
  ): Promise<z.output<typeof planPreview>> {
    return await this.plans.preview(plan, limits);
  }

  @Get(':plan/accounts')
  @Route({
    id: 'listPlanAccounts',
    summary: 'Who is on a plan by assignment, newest first; as CSV with ?format=csv',
    access: READ,
    params: planParams,
    query: listPlanAccounts,
    response: assignmentPage,
    example: { items: [ASSIGNMENT_EXAMPLE], next: null },
    alsoAs: ['csv'],
    errors: [404],
  })
  async accounts(
    @Param(validated(planParams)) { plan }: z.output<typeof planParams>,
    @Query(validated(listPlanAccounts)) query: z.output<typeof listPlanAccounts>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    await this.plans.find(plan);
    if (form === undefined) return await this.assignments.list(plan, query);
    const line = (row: AssignmentRow) => ({ ...assignmentView(row) });
    return await exportOf(this.database, form, {
      name: 'plan-accounts',
      ...this.assignments.export(plan, query),
      line,
    });
  }
}
