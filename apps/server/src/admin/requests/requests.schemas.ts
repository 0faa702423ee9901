import { z } from 'zod';
import {
  accountText,
  dimensions,
  idText,
  page,
  pageOf,
  reasonText,
  scopeFields,
  ticketText,
  time,
  units,
} from '../shared/schemas.js';

export const askRequest = z
  .strictObject({
    ...scopeFields,
    perMinute: units.nullish(),
    perHour: units.nullish(),
    /** Wanted until then; null: for good. */
    until: time.nullish(),
    reason: reasonText,
    ticket: ticketText.nullish(),
  })
  .refine(({ perMinute, perHour }) => perMinute != null || perHour != null, 'perMinute or perHour is needed');

export const approveRequest = z.strictObject({
  perMinute: units.nullish(),
  perHour: units.nullish(),
  /** null: permanent. Left out: as wanted. */
  expiresAt: time.nullish(),
  answer: reasonText.nullish(),
  ticket: ticketText.nullish(),
});

export const declineRequest = z.strictObject({ answer: reasonText });

export const listRequests = z.strictObject({
  state: z.enum(['open', 'approved', 'declined', 'all']).default('open'),
  account: accountText.optional(),
  needsAdmin: z.stringbool().optional(),
  ticket: ticketText.optional(),
  format: z.enum(['json', 'csv']).optional(),
  ...page,
});

export const requestSchema = z.object({
  id: z.string(),
  account: z.string(),
  scope: z.enum(['account', 'group', 'api', 'subject']),
  group: z.string().nullable(),
  api: z.string().nullable(),
  subject: z.string().nullable(),
  dimensions: dimensions.nullable(),
  perMinute: z.int().nullable(),
  perHour: z.int().nullable(),
  until: z.string().nullable(),
  reason: z.string(),
  ticket: z.string().nullable(),
  denialId: z.string().nullable(),
  denial: z.record(z.string(), z.unknown()).nullable(),
  askedBy: z.string(),
  askedAt: z.string(),
  needsAdmin: z.boolean(),
  state: z.enum(['open', 'approved', 'declined']),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  answer: z.string().nullable(),
  overrideId: z.string().nullable(),
  version: z.int(),
  default: z.object({ perMinute: z.int(), perHour: z.int() }),
});
export type RequestView = z.output<typeof requestSchema>;

/** What the account did: why the wish is, or is not, one of need. */
export const proofSchema = z.object({
  /** The most that was in each window at once, in the subject that had most, as long as finished minutes are kept. */
  peak: z.object({ perMinute: z.int(), perHour: z.int(), subject: z.string().nullable(), since: z.string() }),
  denialsLast7Days: z.int(),
  inForce: z.object({ perMinute: z.int(), perHour: z.int(), source: z.string() }).nullable(),
});

export const requestWithProof = z.object({ request: requestSchema, proof: proofSchema });
export const requestPage = pageOf(z.object({ request: requestSchema, proof: proofSchema }));
export const decidedRequest = z.object({ request: requestSchema });

export const idParams = z.object({ id: idText });

export const REQUEST_EXAMPLE: RequestView = {
  id: 'req_8',
  account: 'acme',
  scope: 'api',
  group: null,
  api: 'publish-bot',
  subject: null,
  dimensions: null,
  perMinute: 300,
  perHour: 5000,
  until: '2026-03-09T09:00:00.000Z',
  reason: 'We launch on Monday.',
  ticket: null,
  denialId: 'n3Jk2-1a.0',
  denial: { api: 'publish-bot', window: 'minute', limit: 60 },
  askedBy: 'account:acme',
  askedAt: '2026-03-02T08:55:00.000Z',
  needsAdmin: false,
  state: 'open',
  decidedBy: null,
  decidedAt: null,
  answer: null,
  overrideId: null,
  version: 1,
  default: { perMinute: 60, perHour: 1800 },
};

export const PROOF_EXAMPLE: z.output<typeof proofSchema> = {
  peak: { perMinute: 60, perHour: 812, subject: 'acme/publish-bot/bot=b-17', since: '2026-03-01T08:55:00.000Z' },
  denialsLast7Days: 312,
  inForce: { perMinute: 60, perHour: 1800, source: 'default' },
};
