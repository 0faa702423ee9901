import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { IfMatch } from '../../http/if-match.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { AssignmentsService } from './assignments.service.js';
import {
  ASSIGNMENT_EXAMPLE,
  accountPlan,
  assignmentPreview,
  assignPlan,
  changedAssignment,
  endPlan,
  planAccountParams,
  previewAssignment,
} from './plans.schemas.js';

const READ = { permission: 'plans.read' } as const;
const ASSIGN = { permission: 'plans.assign' } as const;
const CHANGED = { assignment: ASSIGNMENT_EXAMPLE, historyId: 244, lowered: [], warnings: [] };

@Controller('admin/api/accounts/:account/plan')
export class AccountPlanController {
  constructor(@Inject(AssignmentsService) private readonly assignments: AssignmentsService) {}

  @Get()
  @Route({
    id: 'getAccountPlan',
    summary: "An account's plan by assignment, and its scheduled and ended ones",
    access: READ,
    reads: 'account',
    params: planAccountParams,
    response: accountPlan,
    example: { current: ASSIGNMENT_EXAMPLE, others: [] },
  })
  async find(
    @Param(validated(planAccountParams)) { account }: z.output<typeof planAccountParams>,
  ): Promise<z.output<typeof accountPlan>> {
    return await this.assignments.ofAccount(account);
  }

  @Post()
  @Route({
    id: 'assignPlan',
    summary:
      'Assign a plan to an account and end the assignment before it; what gets lower, also at its end, needs `allowLowering`; each limit of the plan counts against the approval limit of the role',
    access: ASSIGN,
    params: planAccountParams,
    body: assignPlan,
    response: changedAssignment,
    example: CHANGED,
    status: 201,
    errors: [404, 409, 422],
  })
  async assign(
    @Param(validated(planAccountParams)) { account }: z.output<typeof planAccountParams>,
    @Body(validated(assignPlan)) input: z.output<typeof assignPlan>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.assignments.assign(account, input, caller);
  }

  @Post('preview')
  @Route({
    id: 'previewAssignment',
    summary: 'What an assignment would change; changes nothing',
    access: READ,
    reads: 'account',
    params: planAccountParams,
    body: previewAssignment,
    response: assignmentPreview,
    example: { lowered: [], effects: [] },
    errors: [404, 422],
  })
  async preview(
    @Param(validated(planAccountParams)) { account }: z.output<typeof planAccountParams>,
    @Body(validated(previewAssignment)) input: z.output<typeof previewAssignment>,
  ): Promise<unknown> {
    return await this.assignments.preview(account, input);
  }

  @Post('end')
  @Route({
    id: 'endPlan',
    summary: 'End an assignment, now or later; If-Match is its version; what gets lower needs `allowLowering`',
    access: ASSIGN,
    params: planAccountParams,
    body: endPlan,
    response: changedAssignment,
    example: CHANGED,
    errors: [404, 409, 412, 422, 428],
  })
  async end(
    @Param(validated(planAccountParams)) { account }: z.output<typeof planAccountParams>,
    @IfMatch() version: number,
    @Body(validated(endPlan)) input: z.output<typeof endPlan>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.assignments.end({ ...input, account, version }, caller);
  }
}
