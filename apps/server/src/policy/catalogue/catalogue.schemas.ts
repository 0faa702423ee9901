import { z } from 'zod';
import { idText } from '../../http/schemas.js';
import { lowered, units } from '../../limiting/limits.schemas.js';
import { allowLowering, reasonText, ticketText } from '../change.schemas.js';

export const apiParams = z.object({ api: idText });

export const changeApi = z.strictObject({
  /** null: the shipped default. Left out: unchanged. */
  perMinute: units.nullish(),
  perHour: units.nullish(),
  /** true: denials are recorded, not enforced. */
  shadow: z.boolean().optional(),
  allowLowering,
  reason: reasonText,
  ticket: ticketText.nullish(),
});

const both = { perMinute: z.int(), perHour: z.int() };

export const apiSchema = z.object({
  api: z.string(),
  title: z.string(),
  level: z.array(z.string()),
  scope: z.enum(['api', 'group']),
  /** The effective default: as edited, or as registered by the applications (`shipped`). */
  limits: z.object(both),
  shipped: z.object(both),
  edited: z.boolean(),
  shadow: z.boolean(),
  /** The message of denied calls. */
  message: z.string(),
  /** Applications that register the API; `file:<name>` is a catalogue file. Empty: it is retired. */
  owners: z.array(z.string()),
  /** Since when no application registers it; null: it is in use. */
  retiredAt: z.string().nullable(),
  version: z.int(),
  changedAt: z.string(),
  changedBy: z.string(),
});

export const catalogueSchema = z.object({
  groups: z.array(z.object({ group: z.string(), title: z.string(), apis: z.array(apiSchema) })),
});
export const changedApi = z.object({ api: apiSchema, historyId: z.int(), lowered: z.array(lowered) });

export const API_EXAMPLE: z.output<typeof apiSchema> = {
  api: 'publish-bot',
  title: 'Publish bot',
  level: ['bot'],
  scope: 'api',
  limits: { perMinute: 60, perHour: 1800 },
  shipped: { perMinute: 60, perHour: 1800 },
  edited: false,
  shadow: false,
  message: 'Rate limit for this API has been reached. Please try again after some time.',
  owners: ['shop'],
  retiredAt: null,
  version: 1,
  changedAt: '2026-03-01T00:00:00.000Z',
  changedBy: 'instance:api-1',
};
