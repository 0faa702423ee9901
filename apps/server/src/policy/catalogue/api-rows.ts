/** APIs as rows of the database, and as the admin API and the command line show them. */
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { apiSchema } from './catalogue.schemas.js';

/** The columns that change. */
export interface ApiColumns {
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
  readonly message: string;
  readonly retired_at: Date | null;
  readonly version: number;
  readonly history_id: string;
  readonly changed_at: Date;
  readonly changed_by: string;
}

export interface ApiRow extends ApiColumns {
  /** The applications that register it. */
  readonly owners: string[];
}

export interface ApiView extends z.output<typeof apiSchema> {
  readonly group: string;
  readonly groupTitle: string;
}

/** SQL: the applications that register the API of row `c`. */
export const OWNERS =
  'ARRAY(SELECT o.application FROM rollgate.catalogue_owner o WHERE o.api = c.api ORDER BY o.application)';

/** In the order of the catalogue. */
export async function readApis(database: DataSource): Promise<ApiView[]> {
  const rows = await database.query<ApiRow[]>(
    `SELECT c.*, ${OWNERS} AS owners FROM rollgate.catalogue c ORDER BY c.ord`,
  );
  return rows.map((row) => ({ ...apiView(row), group: row.group_id, groupTitle: row.group_title }));
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
    message: row.message,
    owners: row.owners,
    retiredAt: row.retired_at?.toISOString() ?? null,
    version: row.version,
    changedAt: row.changed_at.toISOString(),
    changedBy: row.changed_by,
  };
}
