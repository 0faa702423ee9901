/** The form of a policy file. Its values follow the same rules as those of the admin API. */
import { z } from 'zod';
import { idText, time } from '../../http/schemas.js';
import {
  accountText,
  isOneKind,
  kindsOf,
  ONE_KIND,
  overrideSettings,
  scopeFields,
  units,
} from '../../limiting/limits.schemas.js';
import { planLimits } from '../../limiting/plan-limit.js';
import { reasonText, ticketText } from '../change.schemas.js';
import { descriptionText, planId, titleText } from '../plans/plans.schemas.js';

/** The version of the form, which a later release may raise. */
export const FILE_VERSION = 1;

const EXPORTED = 'must be as "rollgate policy export" wrote it';

const given = (values: readonly unknown[]): boolean => values.some((value) => value !== undefined && value !== null);

const catalogueItem = z
  .strictObject({
    api: idText,
    /** Left out: as registered. */
    perMinute: units.nullish(),
    perHour: units.nullish(),
    shadow: z.boolean().optional(),
  })
  .refine(({ perMinute, perHour, shadow }) => given([perMinute, perHour]) || shadow === true, {
    message: 'set perMinute, perHour or shadow: true; an API without them needs no entry',
  });

const planItem = z.strictObject({
  id: planId,
  title: titleText.optional(),
  description: descriptionText.optional(),
  retired: z.boolean().optional(),
  limits: planLimits.default([]),
});

const assignmentItem = z.strictObject({
  account: accountText,
  plan: planId,
  /** Left out: the assignment in force, or else from now on. */
  startsAt: time.optional(),
  endsAt: time.nullish(),
  reason: reasonText.optional(),
  ticket: ticketText.nullish(),
});

const overrideItem = z
  .strictObject({
    ...scopeFields,
    /** A limit that is left out is the one that applies without overrides. */
    ...overrideSettings,
    mode: z.enum(['enforced', 'shadow']).nullish(),
    /** Left out: the override in force, or else from now on. */
    startsAt: time.optional(),
    expiresAt: time.nullish(),
    reason: reasonText.optional(),
    ticket: ticketText.nullish(),
  })
  .refine(({ group, api }) => !given([group]) || !given([api]), 'name a group or an API, not both')
  .refine(({ api, dimensions }) => !given([dimensions]) || given([api]), 'dimensions: need an api')
  .refine((set) => kindsOf(set) > 0 || given([set.mode]), {
    message: 'perMinute, perHour, factor, extraMinute, extraHour or mode is needed',
  })
  .refine(isOneKind, ONE_KIND)
  .refine(({ extraMinute, extraHour, expiresAt }) => !given([extraMinute, extraHour]) || given([expiresAt]), {
    message: 'extra units need expiresAt',
  });

/** The form of an item of each section, with its fields in the order of the file. */
export const itemSchemas = {
  catalogue: catalogueItem,
  plans: planItem,
  assignments: assignmentItem,
  overrides: overrideItem,
} as const;

export const policyFileSchema = z.strictObject({
  version: z.literal(FILE_VERSION, { error: `must be ${FILE_VERSION}` }),
  exported: z.string({ error: EXPORTED }).regex(/^[0-9a-f]{64}$/, EXPORTED),
  catalogue: z.array(itemSchemas.catalogue).default([]),
  plans: z.array(itemSchemas.plans).default([]),
  assignments: z.array(itemSchemas.assignments).default([]),
  overrides: z.array(itemSchemas.overrides).default([]),
});
