import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { PolicyWriter } from '../policy-writer.js';
import { apiView, OWNERS, readApis } from './api-rows.js';
import type { apiSchema, catalogueSchema, changeApi, changedApi } from './catalogue.schemas.js';

@Injectable()
export class CatalogueService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
  ) {}

  /** In the order of the catalogue. */
  async all(): Promise<z.output<typeof catalogueSchema>> {
    const groups = new Map<string, { group: string; title: string; apis: z.output<typeof apiSchema>[] }>();
    for (const { group: id, groupTitle: title, ...api } of await readApis(this.database)) {
      const group = groups.get(id) ?? { group: id, title, apis: [] };
      group.apis.push(api);
      groups.set(id, group);
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
      async ({ row, historyId, lowered }, manager) => {
        const sql = `SELECT ${OWNERS} AS owners FROM rollgate.catalogue c WHERE c.api = $1`;
        const [owned] = await manager.query<{ owners: string[] }[]>(sql, [api]);
        return { api: apiView({ ...row, owners: owned?.owners ?? [] }), historyId, lowered };
      },
    );
  }
}
