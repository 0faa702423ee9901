import { MAX_DIMENSION_BYTES } from '@rollgate/contract';
import { z } from 'zod';
import { anyText, idText, page, pageOf } from '../http/schemas.js';
import { accountText, dimensions } from '../limiting/limits.schemas.js';

export const searchAccounts = z.strictObject({
  q: anyText({ most: MAX_DIMENSION_BYTES }).default(''),
  format: z.enum(['json', 'csv']).optional(),
  ...page,
});
export const accountParams = z.object({ account: accountText });
export const listUsage = z.strictObject({ api: idText.optional(), ...page });

export const accountBrief = z.object({
  account: z.string(),
  overridesInForce: z.int(),
  openRequests: z.int(),
  denialsLastHour: z.int(),
});
export const accountPage = pageOf(accountBrief);

const windowSchema = z.object({
  limit: z.int(),
  used: z.int(),
  remaining: z.int(),
  /** Percent of the limit, rounded down; above 100 after the limit was lowered. */
  percent: z.int(),
  /** When the next used unit leaves the window; null: none is used. */
  nextReleaseAt: z.string().nullable(),
});

/** What is counted: an API, or its group. */
export const counted = {
  api: z.string(),
  apiTitle: z.string(),
  group: z.string(),
  groupTitle: z.string(),
  /** All APIs of the group are counted together, so this is the usage of the whole group. */
  countedTogether: z.boolean(),
};

export const usageSchema = z.object({
  ...counted,
  subject: z.string(),
  dimensions,
  windows: z.object({ minute: windowSchema, hour: windowSchema }),
  default: z.object({ perMinute: z.int(), perHour: z.int() }),
  /** `default`, or the override's id. */
  source: z.string(),
  /** null: none, or the caller lacks `overrides.read`. */
  override: z.object({ id: z.string(), expiresAt: z.string().nullable(), reason: z.string() }).nullable(),
  mode: z.enum(['enforced', 'shadow']),
  /** When a call of one unit is next allowed; the present if it is allowed now; null: never under this limit. */
  nextAllowedAt: z.string().nullable(),
  /** null: none in the last day, or the caller lacks `events.read`. */
  lastDenial: z.object({ id: z.string(), at: z.string(), window: z.enum(['minute', 'hour']) }).nullable(),
});

/** `asOf`: time of the database's clock. */
export const usagePage = z.object({ asOf: z.string(), items: z.array(usageSchema), next: z.string().nullable() });

export const stripSchema = z.object({
  asOf: z.string(),
  /** 60 Unix minutes, oldest first; the last one is still in progress. */
  minutes: z.array(z.int()),
  series: z.array(z.object({ api: z.string(), title: z.string(), units: z.array(z.int()) })),
  /** Denied calls per minute, as recorded. */
  denials: z.array(z.int()),
  /** If the account used only one API: its limits per minute and per hour. */
  limit: z.object({ perMinute: z.int(), perHour: z.int() }).nullable(),
});

export const USAGE_EXAMPLE: z.output<typeof usageSchema> = {
  api: 'publish-bot',
  apiTitle: 'Publish bot',
  group: 'bot-definition',
  groupTitle: 'Bot definition',
  countedTogether: false,
  subject: 'acme/publish-bot/bot=b-17',
  dimensions: { bot: 'b-17' },
  windows: {
    minute: { limit: 60, used: 60, remaining: 0, percent: 100, nextReleaseAt: '2026-03-02T09:00:12.000Z' },
    hour: { limit: 1800, used: 612, remaining: 1188, percent: 34, nextReleaseAt: '2026-03-02T09:00:40.000Z' },
  },
  default: { perMinute: 60, perHour: 1800 },
  source: 'default',
  override: null,
  mode: 'enforced',
  nextAllowedAt: '2026-03-02T09:00:12.000Z',
  lastDenial: { id: 'n3Jk2-1a', at: '2026-03-02T08:59:58.000Z', window: 'minute' },
};
