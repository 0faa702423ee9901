/** APIs as rows of the database. */
import type { z } from 'zod';
import type { apiSchema } from './catalogue.schemas.js';

export interface ApiRow {
  readonly api: string;
  readonly title: string;
  readonly group_id: string;
  readonly group_title: string;
  readonly level: string[];
  readonly scope: 'api' | 'group';
  readonly shipped_per_minute: number;
  readonly shipped_per_hour: number;
  readonly per_minute: number | null;
  readonly per_hour: number | null;
  readonly shadow: boolean;
  readonly version: number;
  readonly history_id: string;
  readonly changed_at: Date;
  readonly changed_by: string;
}

export function apiView(row: ApiRow): z.output<typeof apiSchema> {
  return {
    api: row.api,
    title: row.title,
    level: row.level,
    scope: row.scope,
    limits: {
      perMinute: row.per_minute ?? row.shipped_per_minute,
      perHour: row.per_hour ?? row.shipped_per_hour,
    },
    shipped: { perMinute: row.shipped_per_minute, perHour: row.shipped_per_hour },
    edited: row.per_minute !== null || row.per_hour !== null,
    shadow: row.shadow,
    version: row.version,
    changedAt: row.changed_at.toISOString(),
    changedBy: row.changed_by,
  };
}
