import { z } from 'zod';
import { anyText, idText, page, pageOf, text, time } from '../../http/schemas.js';
import { accountText, lowered, warning } from '../../limiting/limits.schemas.js';
import { planLimits } from '../../limiting/plan-limit.js';
import { allowLowering, reasonText, ticketText } from '../change.schemas.js';

export const planId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores');
export const planParams = z.object({ plan: idText });
export const planAccountParams = z.object({ account: accountText });

export const titleText = text({ most: 200 });
export const descriptionText = anyText({ most: 2_000 });

export const createPlan = z.strictObject({
  id: planId,
  /** Left out: the id. */
  title: titleText.optional(),
  description: descriptionText.optional(),
  limits: planLimits.default([]),
  reason: reasonText,
});
export const changePlan = z.strictObject({
  title: titleText.optional(),
  description: descriptionText.optional(),
  limits: planLimits.optional(),
  /** true: it can't be assigned any more; accounts that have it keep it. */
  retired: z.boolean().optional(),
  allowLowering,
  reason: reasonText,
});
export const previewPlan = z.strictObject({ limits: planLimits });

export const planSchema = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  /** The most specific one applies to an API: its own, that of its group, that of all. */
  limits: z.array(
    z.object({
      group: z.string().nullable(),
      api: z.string().nullable(),
      perMinute: z.int().nullable(),
      perHour: z.int().nullable(),
      factor: z.number().nullable(),
    }),
  ),
  /** Number of accounts that are assigned to it now. */
  accounts: z.int(),
  retiredAt: z.string().nullable(),
  version: z.int(),
  createdBy: z.string(),
  createdAt: z.string(),
  changedBy: z.string(),
  changedAt: z.string(),
});
export type PlanView = z.output<typeof planSchema>;
export const planList = z.object({ items: z.array(planSchema) });

/** `accounts`: number of accounts that are assigned to the plan, now or from a later time on. */
const loweredByPlan = lowered.extend({ accounts: z.int() });
export const changedPlan = z.object({ plan: planSchema, historyId: z.int(), lowered: z.array(loweredByPlan) });

const both = z.object({ perMinute: z.int(), perHour: z.int() });
export const planPreview = z.object({
  accounts: z.int(),
  lowered: z.array(loweredByPlan),
  /** Every API, for an account without overrides. */
  effects: z.array(z.object({ api: z.string(), title: z.string(), before: both, after: both })),
});

export const listPlanAccounts = z.strictObject({
  state: z.enum(['inForce', 'upcoming', 'expired', 'all']).default('inForce'),
  format: z.enum(['json', 'csv']).optional(),
  ...page,
});

const assignmentSchema = z.object({
  id: z.string(),
  account: z.string(),
  plan: z.string(),
  planTitle: z.string(),
  startsAt: z.string(),
  /** null: no end. */
  endsAt: z.string().nullable(),
  state: z.enum(['upcoming', 'inForce', 'expired']),
  reason: z.string(),
  ticket: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  version: z.int(),
});
export type AssignmentView = z.output<typeof assignmentSchema>;
export const assignmentPage = pageOf(assignmentSchema);

/** `current`: the assignment in force. A plan that calls bring is not known here. */
export const accountPlan = z.object({
  current: assignmentSchema.nullable(),
  /** The others, newest first: scheduled and ended ones. */
  others: z.array(assignmentSchema),
});

const assignment = {
  plan: planId,
  /** Left out: now. */
  startsAt: time.optional(),
  /** null or left out: no end. */
  endsAt: time.nullish(),
};
export const assignPlan = z.strictObject({
  ...assignment,
  allowLowering,
  reason: reasonText,
  ticket: ticketText.nullish(),
});
export const previewAssignment = z.strictObject(assignment);
export const endPlan = z.strictObject({
  assignment: idText,
  /** Left out: now. */
  endsAt: time.optional(),
  allowLowering,
  reason: reasonText,
});

export const changedAssignment = z.object({
  assignment: assignmentSchema,
  historyId: z.int(),
  lowered: z.array(lowered),
  warnings: z.array(warning),
});

const sourced = both.extend({ source: z.string() });
export const assignmentPreview = z.object({
  lowered: z.array(lowered),
  /** Every API at the start; empty if the account has the plan already. */
  effects: z.array(z.object({ api: z.string(), title: z.string(), before: sourced, after: sourced })),
});

export const PLAN_EXAMPLE: PlanView = {
  id: 'pro',
  title: 'Pro',
  description: 'For teams',
  limits: [
    { group: null, api: null, perMinute: null, perHour: null, factor: 2 },
    { group: null, api: 'publish-bot', perMinute: 300, perHour: 9_000, factor: null },
  ],
  accounts: 12,
  retiredAt: null,
  version: 1,
  createdBy: 'staff:eve@example.com',
  createdAt: '2026-03-01T00:00:00.000Z',
  changedBy: 'staff:eve@example.com',
  changedAt: '2026-03-01T00:00:00.000Z',
};

export const ASSIGNMENT_EXAMPLE: AssignmentView = {
  id: 'asg_7',
  account: 'acme',
  plan: 'pro',
  planTitle: 'Pro',
  startsAt: '2026-03-02T09:00:00.000Z',
  endsAt: null,
  state: 'inForce',
  reason: 'Signed the contract',
  ticket: 'SALES-12',
  createdBy: 'staff:ann@example.com',
  createdAt: '2026-03-02T09:00:00.000Z',
  version: 1,
};
