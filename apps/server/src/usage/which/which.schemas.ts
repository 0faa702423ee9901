import { z } from 'zod';
import { idText, jsonText, time } from '../../http/schemas.js';
import { accountText, dimensions } from '../../limiting/limits.schemas.js';

export const whichLimit = z.strictObject({
  account: accountText,
  api: idText,
  /** The values that form the subject, as JSON, e.g. `{"bot":"b-17"}`. Left out: a subject without an override of its own. */
  dimensions: jsonText(dimensions).optional(),
  /** The plan that the call brings. It applies if no plan is assigned to the account. */
  plan: idText.optional(),
  /** Left out: now. An earlier time is answered with the rules as they are stored now. */
  at: time.optional(),
});

/** As `rollgate.limit_candidates` returns them. */
export const CODES = [
  'applies',
  'base',
  'adds_nothing',
  'less_specific',
  'older',
  'only_mode',
  'other_subject',
  'ended',
  'not_started',
  'assigned',
  'no_row',
  'unknown_plan',
] as const;
export type Code = (typeof CODES)[number];

const both = { perMinute: z.int(), perHour: z.int() };
const mode = z.enum(['enforced', 'shadow']);

const candidate = z.object({
  kind: z.enum(['override', 'plan', 'default']),
  /** The override's id, `plan:` and the plan's id, or `default`. */
  source: z.string(),
  /** What the rule covers; all null: every API of the account. */
  group: z.string().nullable(),
  api: z.string().nullable(),
  dimensions: dimensions.nullable(),
  /** What the rule sets; null: what applies without it. */
  sets: z.object({
    perMinute: z.int().nullable(),
    perHour: z.int().nullable(),
    factor: z.number().nullable(),
    /** Extra units, added to what applies without them. */
    extraMinute: z.int().nullable(),
    extraHour: z.int().nullable(),
  }),
  /** The limits that the API would have under the rule. */
  gives: z.object(both),
  mode: mode.nullable(),
  startsAt: z.string().nullable(),
  endsAt: z.string().nullable(),
  code: z.enum(CODES),
  /** The rule that comes first; null: none. */
  than: z.string().nullable(),
  /** Whether it sets the mode of the call. */
  setsMode: z.boolean(),
  /** Why it applies or not, as a sentence. */
  why: z.string(),
});
export type Candidate = z.output<typeof candidate>;

const windowSchema = z.object({ used: z.int(), remaining: z.int() });

export const whichAnswer = z.object({
  account: z.string(),
  api: z.string(),
  apiTitle: z.string(),
  /** The subject's key; null: one without an override of its own. */
  subject: z.string().nullable(),
  /** The time for which the rules were compared. */
  at: z.string(),
  applies: z.object({ ...both, source: z.string(), mode }),
  /** While the counts may be incomplete, every instance applies half of the limits. null: it does not. */
  quarantine: z.object({ ...both, until: z.string(), reason: z.string() }).nullable(),
  /** What the subject uses now, whatever `at` is; null: the call names no subject. */
  windows: z.object({ asOf: z.string(), minute: windowSchema, hour: windowSchema }).nullable(),
  /** Every rule that could apply, in ranking order. Overrides need `overrides.read`, and limits of plans `plans.read`. */
  items: z.array(candidate),
  /** Whether there are more rules than `items` has. Those that apply are never left out. */
  more: z.boolean(),
});
export type WhichAnswer = z.output<typeof whichAnswer>;

export const WHICH_EXAMPLE: WhichAnswer = {
  account: 'acme',
  api: 'publish-bot',
  apiTitle: 'Publish bot',
  subject: 'acme/publish-bot/bot=b-17',
  at: '2026-03-02T09:00:00.000Z',
  applies: { perMinute: 300, perHour: 9000, source: 'ovr_17', mode: 'enforced' },
  quarantine: null,
  windows: {
    asOf: '2026-03-02T09:00:00.000Z',
    minute: { used: 120, remaining: 180 },
    hour: { used: 612, remaining: 8388 },
  },
  items: [
    {
      kind: 'override',
      source: 'ovr_17',
      group: null,
      api: 'publish-bot',
      dimensions: null,
      sets: { perMinute: 300, perHour: 9000, factor: null, extraMinute: null, extraHour: null },
      gives: { perMinute: 300, perHour: 9000 },
      mode: null,
      startsAt: '2026-03-01T09:00:00.000Z',
      endsAt: '2026-04-01T09:00:00.000Z',
      code: 'applies',
      than: null,
      setsMode: false,
      why: 'It sets the limits.',
    },
    {
      kind: 'default',
      source: 'default',
      group: null,
      api: 'publish-bot',
      dimensions: null,
      sets: { perMinute: 60, perHour: 1800, factor: null, extraMinute: null, extraHour: null },
      gives: { perMinute: 60, perHour: 1800 },
      mode: 'enforced',
      startsAt: null,
      endsAt: null,
      code: 'base',
      than: 'ovr_17',
      setsMode: true,
      why: 'It is what ovr_17 starts from: a factor multiplies it, extra units are added to it, and a window that is left open keeps it.',
    },
  ],
  more: false,
};
