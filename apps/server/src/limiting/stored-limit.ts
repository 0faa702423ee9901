/** What overrides and limit requests have in common in the database and on the wire: a scope and limits. */
import { z } from 'zod';
import { dimensions } from './limits.schemas.js';
import { dimensionsOf, type ScopeColumns } from './subjects.js';

export interface LimitColumns extends ScopeColumns {
  readonly per_minute: number | null;
  readonly per_hour: number | null;
  /** The driver returns a numeric as text. */
  readonly factor: string | null;
}

export const limitFields = {
  account: z.string(),
  scope: z.enum(['account', 'group', 'api', 'subject']),
  group: z.string().nullable(),
  api: z.string().nullable(),
  subject: z.string().nullable(),
  dimensions: dimensions.nullable(),
  perMinute: z.int().nullable(),
  perHour: z.int().nullable(),
  /** A multiple of each API's own default; null: it sets limits, or none. */
  factor: z.number().nullable(),
};
const limitSchema = z.object(limitFields);

export function limitView(row: LimitColumns): z.output<typeof limitSchema> {
  return {
    account: row.account,
    scope: scopeOf(row),
    group: row.group_id,
    api: row.api,
    subject: row.subject,
    dimensions: dimensionsOf(row.subject),
    perMinute: row.per_minute,
    perHour: row.per_hour,
    factor: row.factor === null ? null : Number(row.factor),
  };
}

/** The same rule as the column `scope` of `rollgate.override`. */
function scopeOf({ subject, api, group_id }: ScopeColumns): z.output<typeof limitFields.scope> {
  if (subject !== null) return 'subject';
  if (api !== null) return 'api';
  return group_id === null ? 'account' : 'group';
}
