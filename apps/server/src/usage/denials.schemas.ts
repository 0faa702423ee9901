import { z } from 'zod';
import { idText, page, pageOf, text, time } from '../http/schemas.js';
import { accountText } from '../limiting/limits.schemas.js';

const MODES = ['enforced', 'shadow', 'fallback_allowed', 'fallback_denied'] as const;

const filters = {
  account: accountText.optional(),
  api: idText.optional(),
  group: idText.optional(),
  subject: text({ most: 2_000 }).optional(),
  window: z.enum(['minute', 'hour']).optional(),
  mode: z.enum(MODES).optional(),
  /** `default`, or an override's id. */
  source: idText.optional(),
  kind: z.enum(['denied', 'granted_sample']).default('denied'),
  from: time.optional(),
  to: time.optional(),
};

export const listEvents = z.strictObject({ ...filters, format: z.enum(['json', 'csv', 'ndjson']).optional(), ...page });
export const countEvents = z.strictObject({ ...filters, buckets: z.coerce.number().int().min(1).max(240).default(60) });
export const eventParams = z.object({ id: idText });

const eventSchema = z.object({
  id: z.string(),
  kind: z.enum(['denied', 'granted_sample']),
  account: z.string(),
  api: z.string(),
  apiTitle: z.string(),
  group: z.string(),
  level: z.array(z.string()),
  subject: z.string(),
  dimensions: z.record(z.string(), z.string()),
  window: z.enum(['minute', 'hour']).nullable(),
  perMinute: z.int(),
  perHour: z.int(),
  /** Units in the window that denied the call. */
  used: z.int(),
  cost: z.int(),
  source: z.string(),
  mode: z.enum(MODES),
  firstAt: z.string(),
  lastAt: z.string(),
  /** Calls. */
  count: z.int(),
  instance: z.string(),
  route: z.string().nullable(),
  /** HTTP request ID of the first call. */
  requestId: z.string().nullable(),
  /** When the same call would have been allowed. */
  retryAt: z.string().nullable(),
  merged: z.string(),
});
export type EventView = z.output<typeof eventSchema>;
export const eventPage = pageOf(eventSchema);

export const histogram = z.object({
  from: z.string(),
  to: z.string(),
  bucketSeconds: z.number(),
  /** Calls per time slot, oldest first. The first slot may start before `from`, but counts only calls from then on. */
  counts: z.array(z.object({ at: z.string(), minute: z.int(), hour: z.int() })),
  total: z.int(),
});

export const explained = z.object({
  /** The whole explanation in one sentence. */
  sentence: z.string(),
  event: eventSchema,
  limit: z.int(),
  origin: z.object({
    /** Where the source is `default`: the defaults in the catalogue. */
    catalogueVersion: z.int().nullable(),
    override: z
      .object({
        id: z.string(),
        createdBy: z.string().nullable(),
        reason: z.string().nullable(),
        ticket: z.string().nullable(),
        expiresAt: z.string().nullable(),
      })
      .nullable(),
  }),
  /** What filled the window: Unix second and units; by minute if the hour limit denied. null: no longer on record. */
  filled: z.array(z.object({ second: z.int(), units: z.int() })).nullable(),
  allowedAgainAt: z.string().nullable(),
});

export const EVENT_EXAMPLE: EventView = {
  id: 'n3Jk2-1a',
  kind: 'denied',
  account: 'acme',
  api: 'publish-bot',
  apiTitle: 'Publish bot',
  group: 'bot-definition',
  level: ['bot'],
  subject: 'acme/publish-bot/bot=b-17',
  dimensions: { bot: 'b-17' },
  window: 'minute',
  perMinute: 60,
  perHour: 1800,
  used: 60,
  cost: 1,
  source: 'default',
  mode: 'enforced',
  firstAt: '2026-03-02T08:59:58.000Z',
  lastAt: '2026-03-02T08:59:58.800Z',
  count: 12,
  instance: 'q83hTz1c',
  route: 'POST /api/public/bots/:botId/publish',
  requestId: 'b1946ac9',
  retryAt: '2026-03-02T09:00:12.000Z',
  merged: 'second',
};
