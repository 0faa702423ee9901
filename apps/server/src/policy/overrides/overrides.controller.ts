import { Body, Controller, Get, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { isDatabaseAway } from '@rollgate/limiter';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { isCeilingRefusal } from '../../database/refusals.js';
import { exportOf } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { IfMatch } from '../../http/if-match.js';
import { Route } from '../../http/route.js';
import { idText } from '../../http/schemas.js';
import { validated } from '../../http/validated.js';
import { requestSchema } from '../limit-requests/limit-requests.schemas.js';
import { LimitRequestsService } from '../limit-requests/limit-requests.service.js';
import { type OverrideRow, overrideView } from './override-rows.js';
import {
  changedOverride,
  changeOverride,
  createOverride,
  expireMany,
  expireOverride,
  expiryPreview,
  listOverrides,
  OVERRIDE_EXAMPLE,
  overridePage,
  overrideSchema,
  previewExpiry,
  restoreOverride,
} from './overrides.schemas.js';
import { OverridesService } from './overrides.service.js';

const READ = { permission: 'overrides.read' } as const;
const WRITE = { permission: 'overrides.write' } as const;
const params = z.object({ id: idText });
const CHANGED = { override: OVERRIDE_EXAMPLE, historyId: 240, lowered: [], warnings: [] };
const FALL = {
  api: 'publish-bot',
  window: 'minute' as const,
  from: 300,
  to: 60,
  why: 'lower' as const,
  at: null,
  text: 'publish-bot falls from 300 to 60 in any 60 s',
};

/** What happens to a change above the approval limit. */
const created = z.union([changedOverride, z.object({ request: requestSchema, message: z.string() })]);

const manyExpired = z.object({
  expired: z.array(z.string()),
  failed: z.array(z.object({ id: z.string(), message: z.string() })),
});

@Controller('admin/api/overrides')
export class OverridesController {
  constructor(
    @Inject(OverridesService) private readonly overrides: OverridesService,
    @Inject(LimitRequestsService) private readonly requests: LimitRequestsService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @Route({
    id: 'listOverrides',
    summary: 'Custom limits, newest first; as CSV with ?format=csv',
    access: READ,
    reads: 'list',
    query: listOverrides,
    response: overridePage,
    example: { items: [OVERRIDE_EXAMPLE], next: null },
    alsoAs: ['csv'],
  })
  async list(
    @Query(validated(listOverrides)) query: z.output<typeof listOverrides>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.overrides.list(query);
    const line = (row: OverrideRow) => {
      const { default: byDefault, use, dimensions, ...view } = overrideView(row);
      return {
        ...view,
        defaultPerMinute: byDefault.perMinute,
        defaultPerHour: byDefault.perHour,
        lastUsedAt: use?.lastUsedAt,
      };
    };
    return await exportOf(this.database, form, { name: 'overrides', ...this.overrides.export(query), line });
  }

  @Post()
  @Route({
    id: 'createOverride',
    summary:
      'Set a custom limit of an account; lowering a limit in force needs `allowLowering`; above the approval limit of the role it becomes a request for an admin (202)',
    access: WRITE,
    body: createOverride,
    response: created,
    example: CHANGED,
    status: 201,
    errors: [404, 409, 422],
  })
  async create(
    @Body(validated(createOverride)) input: z.output<typeof createOverride>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    try {
      const done = await this.overrides.create(input, caller);
      response.setHeader('ETag', `"${done.override.version}"`);
      return done;
    } catch (error) {
      // A limit request needs a limit: a change of the mode alone cannot become one.
      const { perMinute, perHour, factor, expiresAt } = input;
      if (!isCeilingRefusal(error) || (perMinute ?? perHour ?? factor ?? null) === null) throw error;
      const request = await this.requests.ask({ ...input, until: expiresAt ?? null, needsAdmin: true }, caller);
      response.status(202);
      return { request, message: `${(error as Error).message} A limit request was sent to an admin instead.` };
    }
  }

  @Post('expire')
  @Route({
    id: 'expireOverrides',
    summary: 'End many overrides now',
    access: WRITE,
    body: expireMany,
    response: manyExpired,
    example: { expired: ['ovr_17'], failed: [{ id: 'ovr_18', message: 'The override has expired already.' }] },
  })
  async expireMany(
    @Body(validated(expireMany)) { ids, reason }: z.output<typeof expireMany>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof manyExpired>> {
    const expired: string[] = [];
    const failed: { id: string; message: string }[] = [];
    for (const id of new Set(ids)) {
      try {
        await this.overrides.expire(id, null, reason, caller);
        expired.push(id);
      } catch (error) {
        // The remaining ones would fail too, each after its own timeout.
        if (isDatabaseAway(error)) throw error;
        failed.push({ id, message: (error as Error).message });
      }
    }
    return { expired, failed };
  }

  @Post('expire/preview')
  @Route({
    id: 'previewExpiry',
    summary: 'What falls if overrides end now, each by itself; changes nothing',
    access: READ,
    body: previewExpiry,
    response: expiryPreview,
    example: { items: [{ id: 'ovr_17', lowered: [FALL] }] },
  })
  async previewExpiry(
    @Body(validated(previewExpiry)) { ids }: z.output<typeof previewExpiry>,
  ): Promise<z.output<typeof expiryPreview>> {
    return await this.overrides.previewExpiry(ids);
  }

  @Get(':id')
  @Route({
    id: 'getOverride',
    summary: 'One override; its ETag is what If-Match wants',
    access: READ,
    reads: { accountOf: ({ account }: z.output<typeof overrideSchema>) => account },
    params,
    response: overrideSchema,
    example: OVERRIDE_EXAMPLE,
    errors: [404],
  })
  async find(
    @Param(validated(params)) { id }: z.output<typeof params>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const override = await this.overrides.find(id);
    response.setHeader('ETag', `"${override.version}"`);
    return override;
  }

  @Patch(':id')
  @Route({
    id: 'changeOverride',
    summary: 'Change an override; what is left out stays; what lowers a limit in force needs `allowLowering`',
    access: WRITE,
    params,
    body: changeOverride,
    response: changedOverride,
    example: CHANGED,
    errors: [404, 409, 412, 422, 428],
  })
  async change(
    @Param(validated(params)) { id }: z.output<typeof params>,
    @IfMatch() version: number,
    @Body(validated(changeOverride)) input: z.output<typeof changeOverride>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.overrides.change(id, version, input, caller);
  }

  @Post(':id/expire')
  @Route({
    id: 'expireOverride',
    summary: 'End an override now',
    access: WRITE,
    params,
    body: expireOverride,
    response: changedOverride,
    example: CHANGED,
    errors: [404, 409, 412, 428],
  })
  async expire(
    @Param(validated(params)) { id }: z.output<typeof params>,
    @IfMatch() version: number,
    @Body(validated(expireOverride)) { reason }: z.output<typeof expireOverride>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.overrides.expire(id, version, reason, caller);
  }

  @Post(':id/restore')
  @Route({
    id: 'restoreOverride',
    summary: 'Restore an expired override; where that lowers a limit in force it needs `allowLowering`',
    access: WRITE,
    params,
    body: restoreOverride,
    response: changedOverride,
    example: CHANGED,
    errors: [404, 409, 412, 422, 428],
  })
  async restore(
    @Param(validated(params)) { id }: z.output<typeof params>,
    @IfMatch() version: number,
    @Body(validated(restoreOverride)) input: z.output<typeof restoreOverride>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return await this.overrides.restore(id, version, input, caller);
  }
}
