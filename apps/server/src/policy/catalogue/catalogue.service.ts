import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { PolicyWriter } from '../policy-writer.js';
import { type ApiRow, apiView } from './api-rows.js';
import type { apiSchema, catalogueSchema, changeApi, changedApi } from './catalogue.schemas.js';

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
    { reason, ticket = null, ...values }: z.output<typeof changeApi>,
    caller: Caller,
  ): Promise<z.output<typeof changedApi>> {
    return await this.writer.changeCatalogue(
      { api, version, values, reason, ticket, caller },
      ({ row, historyId, lowered }) => ({ api: apiView(row), historyId, lowered }),
    );
  }
}
