import { z } from 'zod';
import { idText, page, pageOf, time } from '../../http/schemas.js';
import {
  accountText,
  FACTOR_OR_LIMITS,
  factor,
  isFactorOrLimits,
  lowered,
  scopeFields,
  units,
} from '../../limiting/limits.schemas.js';
import { limitFields } from '../../limiting/stored-limit.js';
import { allowLowering, reasonText, ticketText } from '../change.schemas.js';

export const askRequest = z
  .strictObject({
    ...scopeFields,
    perMinute: units.nullish(),
    perHour: units.nullish(),
    /** A multiple of each API's own default, instead of limits. */
    factor: factor.nullish(),
    /** When the requested limit should end; null: permanent. */
    until: time.nullish(),
    reason: reasonText,
    ticket: ticketText.nullish(),
  })
  .refine(
    ({ perMinute, perHour, factor }) => perMinute != null || perHour != null || factor != null,
    'perMinute, perHour or factor is needed',
  )
  .refine(isFactorOrLimits, FACTOR_OR_LIMITS);

export const approveRequest = z
  .strictObject({
    /** null: the default. Left out: as requested, or the effective limit if none was requested. */
    perMinute: units.nullish(),
    perHour: units.nullish(),
    factor: factor.nullish(),
    /** null: permanent. Left out: as requested. */
    expiresAt: time.nullish(),
    answer: reasonText.nullish(),
    ticket: ticketText.nullish(),
    allowLowering,
  })
  .refine(isFactorOrLimits, FACTOR_OR_LIMITS);

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
  ...limitFields,
  until: z.string().nullable(),
  /** It is open, and the requested end has passed. */
  pastDue: z.boolean(),
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

/** The account's usage, which shows whether the requested limit is needed. */
export const proofSchema = z.object({
  /** The most units in each window at once, in the subject with most, as far back as finished minutes are kept. */
  peak: z.object({ perMinute: z.int(), perHour: z.int(), subject: z.string().nullable(), since: z.string() }),
  denialsLast7Days: z.int(),
  inForce: z.object({ perMinute: z.int(), perHour: z.int(), source: z.string() }).nullable(),
});

export const requestWithProof = z.object({ request: requestSchema, proof: proofSchema });
export const requestPage = pageOf(z.object({ request: requestSchema, proof: proofSchema }));
export const decidedRequest = z.object({ request: requestSchema, lowered: z.array(lowered) });

export const limitRequestParams = z.object({ limitRequestId: idText });

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
  factor: null,
  until: '2026-03-09T09:00:00.000Z',
  pastDue: false,
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
