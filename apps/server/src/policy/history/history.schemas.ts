import { z } from 'zod';
import { idText, page, pageOf, time } from '../../http/schemas.js';
import { accountText, lowered } from '../../limiting/limits.schemas.js';
import { allowLowering, reasonText } from '../change.schemas.js';

export const KINDS = [
  'override',
  'request',
  'catalogue',
  'plan',
  'assignment',
  'reset',
  'policy',
  'staff',
  'token',
] as const;

export const listHistory = z.strictObject({
  kind: z.enum(KINDS).optional(),
  target: idText.optional(),
  account: accountText.optional(),
  actor: idText.optional(),
  /** Changes that were made together, e.g. `bat_12`. */
  batch: idText.optional(),
  from: time.optional(),
  to: time.optional(),
  format: z.enum(['json', 'csv']).optional(),
  ...page,
});

export const historyParams = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
export const batchParams = z.object({ batch: idText });
export const undoChange = z.strictObject({ reason: reasonText, allowLowering });

const facts = z.record(z.string(), z.unknown()).nullable();

const historySchema = z.object({
  id: z.int(),
  at: z.string(),
  kind: z.enum(KINDS),
  action: z.string(),
  target: z.string(),
  account: z.string().nullable(),
  actor: z.string(),
  role: z.string().nullable(),
  address: z.string().nullable(),
  /** ID of the HTTP request that made the change. */
  requestId: z.string().nullable(),
  before: facts,
  after: facts,
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  undoes: z.int().nullable(),
  /** Changes that were made together have the same one; null: it was made by itself. */
  batch: z.string().nullable(),
  hash: z.string(),
});
export type HistoryView = z.output<typeof historySchema>;

export const historyPage = pageOf(historySchema);

export const verification = z.object({
  ok: z.boolean(),
  rowsChecked: z.int(),
  lastHash: z.string(),
  broken: z.object({ id: z.int(), why: z.string() }).nullable(),
});

/** `lowered`: the limits that the change lowered. */
export const undone = z.object({ historyId: z.int(), lowered: z.array(lowered) });

/** What was made together. */
export const batchSchema = z.object({
  batch: z.string(),
  at: z.string(),
  actor: z.string(),
  /** Number of changes that the caller may see. */
  changes: z.int(),
  accounts: z.int(),
});

/** The undo of a batch is a batch too. `lowered`: the first of the limits that it lowered. */
export const undoneBatch = z.object({
  batch: z.string(),
  changes: z.int(),
  lowered: z.array(lowered),
  loweredCount: z.int(),
});

export const HISTORY_EXAMPLE: HistoryView = {
  id: 240,
  at: '2026-03-02T09:00:00.000Z',
  kind: 'override',
  action: 'create',
  target: 'ovr_17',
  account: 'acme',
  actor: 'staff:ann@example.com',
  role: 'support',
  address: '10.0.0.7',
  requestId: 'b1946ac9',
  before: null,
  after: { perMinute: 300 },
  reason: 'Launch of their winter campaign',
  ticket: 'SUP-1234',
  undoes: null,
  batch: null,
  hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};
