import { z } from 'zod';
import { idText, page, pageOf, time } from '../../http/schemas.js';
import {
  accountText,
  isOneKind,
  kindsOf,
  lowered,
  ONE_KIND,
  overrideSettings,
  scopeFields,
  warning,
} from '../../limiting/limits.schemas.js';
import { limitFields } from '../../limiting/stored-limit.js';
import { allowLowering, reasonText, ticketText } from '../change.schemas.js';

const limits = {
  ...overrideSettings,
  /** `shadow`: denials are recorded, not enforced. */
  mode: z.enum(['enforced', 'shadow']).nullish(),
  startsAt: time.optional(),
  /** null: permanent. */
  expiresAt: time.nullish(),
  allowLowering,
};

export const createOverride = z
  .strictObject({ ...scopeFields, ...limits, reason: reasonText, ticket: ticketText.nullish() })
  .refine(
    (set) => kindsOf(set) > 0 || set.mode != null,
    'perMinute, perHour, factor, extraMinute, extraHour or mode is needed',
  )
  .refine(isOneKind, ONE_KIND);

export const changeOverride = z
  .strictObject({ ...limits, reason: reasonText, ticket: ticketText.nullish() })
  .refine(isOneKind, ONE_KIND);
export const expireOverride = z.strictObject({ reason: reasonText });
export const restoreOverride = z.strictObject({ reason: reasonText, expiresAt: time.nullable(), allowLowering });
export const expireMany = z.strictObject({ ids: z.array(idText).min(1).max(200), reason: reasonText });

export const previewExpiry = z.strictObject({ ids: z.array(idText).min(1).max(200) });

export const listOverrides = z.strictObject({
  account: accountText.optional(),
  state: z.enum(['inForce', 'upcoming', 'expired', 'all']).default('inForce'),
  /** Expires within this many hours. */
  expiringWithinHours: z.coerce.number().min(0).max(8_784).optional(),
  /** It had no effect on any call, either by its limits or by its mode. */
  neverUsed: z.stringbool().optional(),
  /** No call was decided differently than under the defaults. */
  neverNeeded: z.stringbool().optional(),
  permanent: z.stringbool().optional(),
  /** At least this multiple of the default, in either window. */
  aboveTimes: z.coerce.number().min(0).max(1_000_000_000).optional(),
  createdBy: idText.optional(),
  ticket: ticketText.optional(),
  format: z.enum(['json', 'csv']).optional(),
  ...page,
});

export const overrideSchema = z.object({
  id: z.string(),
  ...limitFields,
  /** Extra units, added to the limit that applies without extra units; null: none. */
  extraMinute: z.int().nullable(),
  extraHour: z.int().nullable(),
  mode: z.enum(['enforced', 'shadow']).nullable(),
  startsAt: z.string(),
  expiresAt: z.string().nullable(),
  state: z.enum(['upcoming', 'inForce', 'expired']),
  reason: z.string(),
  ticket: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  changedAt: z.string(),
  /** The limit request that it was created for. */
  limitRequestId: z.string().nullable(),
  version: z.int(),
  policyVersion: z.int(),
  /** The default of its API, or the lowest one in its group or of all APIs. */
  default: z.object({ perMinute: z.int(), perHour: z.int() }),
  use: z
    .object({
      firstUsedAt: z.string(),
      lastUsedAt: z.string(),
      peakMinute: z.int(),
      peakHour: z.int(),
      neededAt: z.string().nullable(),
    })
    .nullable(),
});
export type OverrideView = z.output<typeof overrideSchema>;

export const overridePage = pageOf(overrideSchema);

/** The response to a change: the override after it, what an undo would revert, and which limits it lowered. */
export const changedOverride = z.object({
  override: overrideSchema,
  historyId: z.int(),
  lowered: z.array(lowered),
  warnings: z.array(warning),
});

/** The limits that fall if overrides end now. Overrides that are not in force are left out. */
export const expiryPreview = z.object({ items: z.array(z.object({ id: z.string(), lowered: z.array(lowered) })) });

export const OVERRIDE_EXAMPLE: OverrideView = {
  id: 'ovr_17',
  account: 'acme',
  scope: 'api',
  group: null,
  api: 'publish-bot',
  subject: null,
  dimensions: null,
  perMinute: 300,
  perHour: null,
  factor: null,
  extraMinute: null,
  extraHour: null,
  mode: null,
  startsAt: '2026-03-02T09:00:00.000Z',
  expiresAt: '2026-03-03T09:00:00.000Z',
  state: 'inForce',
  reason: 'Launch of their winter campaign',
  ticket: 'SUP-1234',
  createdBy: 'staff:ann@example.com',
  createdAt: '2026-03-02T09:00:00.000Z',
  changedAt: '2026-03-02T09:00:00.000Z',
  limitRequestId: null,
  version: 1,
  policyVersion: 90,
  default: { perMinute: 60, perHour: 1800 },
  use: null,
};
