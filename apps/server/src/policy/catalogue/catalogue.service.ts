import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { loweredBy, PolicyWriter } from '../policy-writer.js';
import type { apiSchema, catalogueSchema, changeApi, changedApi } from './catalogue.schemas.js';

interface ApiRow {
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

@Injectable()
export class CatalogueService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
  ) {}

  /** In the order of the catalogue. */
  async all(): Promise<z.output<typeof catalogueSchema>> {
    const rows = await this.database.query<ApiRow[]>('SELECT * FROM rollgate.catalogue ORDER BY ord');
    const groups = new Map<string, { group: string; title: string; apis: z.output<typeof apiSchema>[] }>();
    for (const row of rows) {
      const group = groups.get(row.group_id) ?? { group: row.group_id, title: row.group_title, apis: [] };
      group.apis.push(apiView(row));
      groups.set(row.group_id, group);
    }
    return { groups: [...groups.values()] };
  }

  async change(
    api: string,
    version: number,
    { perMinute, perHour, shadow, allowLowering, reason, ticket }: z.output<typeof changeApi>,
    caller: Caller,
  ): Promise<z.output<typeof changedApi>> {
    const given = { per_minute: perMinute, per_hour: perHour, shadow, allow_lowering: allowLowering };
    const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const values = [api, version, JSON.stringify(changes), reason, ticket ?? null];
    const change = { name: 'change_catalogue', values, caller };
    return await this.writer.change(change, async (row: ApiRow, manager) => ({
      api: apiView(row),
      historyId: Number(row.history_id),
      lowered: await loweredBy(manager, row.history_id),
    }));
  }
}

function apiView(row: ApiRow): z.output<typeof apiSchema> {
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
