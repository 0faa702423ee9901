import { MAX_UNITS } from '@rollgate/contract';
import { z } from 'zod';
import { idText, jsonText, page, pageOf, time } from '../../http/schemas.js';
import { accountText, dimensions, extraUnits, factor, isOneKind, ONE_KIND } from '../../limiting/limits.schemas.js';
import { planLimits } from '../../limiting/plan-limit.js';

/** A limit in a URL: a whole number of units, or `default`. */
const limitText = z
  .string()
  .refine((text) => text === 'default' || (/^\d{1,10}$/.test(text) && Number(text) <= MAX_UNITS), {
    message: `must be a whole number of units, at most ${MAX_UNITS}, or "default"`,
  })
  .transform((text) => (text === 'default' ? null : Number(text)));

const factorText = z
  .string()
  .regex(/^\d{1,4}(\.\d{1,3})?$/, 'must be a number like 2 or 1.5')
  .transform(Number)
  .pipe(factor);

const extraText = z
  .string()
  .regex(/^\d{1,10}$/, 'must be a whole number of units')
  .transform(Number)
  .pipe(extraUnits);

/** What would change: the default of an API or a group, the limits of a plan, or an override. */
export const whatIf = z
  .strictObject({
    change: z.enum(['default', 'plan', 'override']),
    /** The API of a default or an override. */
    api: idText.optional(),
    /** The group of a default or an override: every API of it. */
    group: idText.optional(),
    /** The account of a new override; for every other change, only the rows of this account. */
    account: accountText.optional(),
    /** A new override may be for one subject, with these values, as JSON, e.g. `{"bot":"b-17"}`. */
    dimensions: jsonText(dimensions).optional(),
    /** ID of a stored override that would change. */
    override: idText.optional(),
    /** ID of the plan that would change. */
    plan: idText.optional(),
    /** All limits of the plan after the change, as JSON: `[{"api":"publish-bot","perMinute":300}]`. */
    limits: jsonText(planLimits).optional(),
    /** `default`: as registered, or for an override what applies without it. Left out: unchanged. */
    perMinute: limitText.optional(),
    perHour: limitText.optional(),
    /** A multiple of what applies without the override, instead of its limits. */
    factor: factorText.optional(),
    /** Extra units of an override, added to what applies without them. */
    extraMinute: extraText.optional(),
    extraHour: extraText.optional(),
    /** Calls from this time on are replayed. Left out: the last 24 hours. */
    since: time.optional(),
    by: z.enum(['account', 'subject']).default('account'),
    format: z.enum(['json', 'csv']).optional(),
    ...page,
  })
  .refine(isOneKind, ONE_KIND)
  .superRefine((asked, context) => {
    for (const message of mistakesOf(asked)) context.addIssue({ code: 'custom', message });
  });
export type WhatIfQuestion = z.output<typeof whatIf>;

const NEW_LIMITS = ['perMinute', 'perHour', 'factor', 'extraMinute', 'extraHour'] as const;

/** The fields that each kind of change has. */
const FIELDS = {
  default: ['account', 'api', 'group', 'perMinute', 'perHour'],
  plan: ['account', 'plan', 'limits'],
  override: ['account', 'group', 'api', 'dimensions', 'override', ...NEW_LIMITS],
} as const;
const ALL_FIELDS = [...new Set(Object.values(FIELDS).flat())];

interface Asked extends Partial<Record<(typeof ALL_FIELDS)[number], unknown>> {
  readonly change: keyof typeof FIELDS;
}

function mistakesOf(asked: Asked): string[] {
  const own: readonly string[] = FIELDS[asked.change];
  const isGiven = (name: (typeof ALL_FIELDS)[number]) => asked[name] !== undefined;
  const mistakes = ALL_FIELDS.filter((name) => isGiven(name) && !own.includes(name)).map(
    (name) => `${name}: a change of the kind "${asked.change}" does not have it`,
  );
  if (asked.change === 'plan') {
    if (!isGiven('plan') || !isGiven('limits')) mistakes.push('plan and limits are needed');
    return mistakes;
  }
  if (isGiven('api') && isGiven('group')) mistakes.push('name an API or a group, not both');
  if (asked.change === 'default' && !isGiven('api') && !isGiven('group')) mistakes.push('api or group is needed');
  if (asked.change === 'override') mistakes.push(...scopeMistakes(isGiven));
  if (!NEW_LIMITS.some(isGiven)) mistakes.push('a new limit is needed');
  return mistakes;
}

/** A stored override keeps its scope. */
function scopeMistakes(isGiven: (name: 'account' | 'override' | 'group' | 'api' | 'dimensions') => boolean): string[] {
  if (!isGiven('override')) return isGiven('account') ? [] : ['account or override is needed'];
  const scoped = (['group', 'api', 'dimensions'] as const).some(isGiven);
  return scoped ? ['override: it keeps its API, group and dimensions'] : [];
}

const counts = {
  /** Subjects with calls whose limits the change alters. */
  subjects: z.int(),
  /** How many of them have a call that would be decided differently, or are above a new limit now. */
  affected: z.int(),
  /** Calls that were allowed, and would have been allowed. */
  stillAllowed: z.int(),
  /** Calls that were allowed, and would have been denied. */
  newlyDenied: z.int(),
  /** Calls that were denied. */
  denied: z.int(),
  /** How many of these would have been allowed. */
  newlyAllowed: z.int(),
  /** Subjects that use more now than a new limit. */
  aboveNow: z.int(),
};
const countsSchema = z.object(counts);
export type Counts = z.output<typeof countsSchema>;

const both = z.object({ perMinute: z.int(), perHour: z.int() });

const row = z.object({
  account: z.string(),
  /** With `by=subject`; null in a row of an account. */
  api: z.string().nullable(),
  subject: z.string().nullable(),
  dimensions: dimensions.nullable(),
  before: both.nullable(),
  after: both.nullable(),
  ...counts,
});
export type WhatIfRow = z.output<typeof row>;

export const whatIfAnswer = pageOf(row).extend({
  asOf: z.string(),
  /** The time from which calls were requested. */
  since: z.string(),
  /** From this time on, calls are on record; `complete`: this is all of the requested time. */
  covered: z.object({ from: z.string(), complete: z.boolean() }),
  totals: countsSchema.extend({
    accounts: z.int(),
    /** Denied calls that are not replayed, because their record does not name the subject. */
    notReplayed: z.int(),
  }),
});
export type WhatIfAnswer = z.output<typeof whatIfAnswer>;

const EXAMPLE_COUNTS: Counts = {
  subjects: 3,
  affected: 1,
  stillAllowed: 1210,
  newlyDenied: 96,
  denied: 12,
  newlyAllowed: 0,
  aboveNow: 1,
};
export const WHAT_IF_EXAMPLE: WhatIfAnswer = {
  asOf: '2026-03-02T09:00:00.000Z',
  since: '2026-03-01T09:00:00.000Z',
  covered: { from: '2026-03-01T09:00:00.000Z', complete: true },
  totals: { ...EXAMPLE_COUNTS, accounts: 1, notReplayed: 0 },
  items: [
    { account: 'acme', api: null, subject: null, dimensions: null, before: null, after: null, ...EXAMPLE_COUNTS },
  ],
  next: null,
};
