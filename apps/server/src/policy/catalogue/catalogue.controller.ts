import { Body, Controller, Get, Inject, Param, Patch } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { IfMatch } from '../../http/if-match.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { API_EXAMPLE, apiParams, catalogueSchema, changeApi, changedApi } from './catalogue.schemas.js';
import { CatalogueService } from './catalogue.service.js';

@Controller('admin/api/catalogue')
export class CatalogueController {
  constructor(@Inject(CatalogueService) private readonly catalogue: CatalogueService) {}

  @Get()
  @Route({
    id: 'getCatalogue',
    summary: 'Every API by group with its limits, as shipped and in force',
    access: { permission: 'catalogue.read' },
    response: catalogueSchema,
    example: { groups: [{ group: 'bot-definition', title: 'Bot definition', apis: [API_EXAMPLE] }] },
  })
  async all(): Promise<z.output<typeof catalogueSchema>> {
    return await this.catalogue.all();
  }

  @Patch(':api')
  @Route({
    id: 'changeApi',
    summary:
      "Change an API's default limits or its shadow mode; what gets lower needs `allowLowering`; in force on every instance within 2 s",
    access: { permission: 'catalogue.write' },
    params: apiParams,
    body: changeApi,
    response: changedApi,
    example: {
      api: { ...API_EXAMPLE, limits: { perMinute: 90, perHour: 1800 }, edited: true, version: 2 },
      historyId: 242,
      lowered: [],
    },
    errors: [404, 409, 412, 422, 428],
  })
  async change(
    @Param(validated(apiParams)) { api }: z.output<typeof apiParams>,
    @IfMatch() version: number,
    @Body(validated(changeApi)) input: z.output<typeof changeApi>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof changedApi>> {
    return await this.catalogue.change(api, version, input, caller);
  }
}
