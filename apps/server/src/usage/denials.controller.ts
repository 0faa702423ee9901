import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../authentication/caller.js';
import { exportOf } from '../http/csv.js';
import { AsExport, type ExportForm } from '../http/export-form.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { countDenials } from './denial-histogram.js';
import {
  countEvents,
  EVENT_EXAMPLE,
  eventPage,
  eventParams,
  explained,
  histogram,
  listEvents,
} from './denials.schemas.js';
import { DenialsService, type EventRow, eventView } from './denials.service.js';

const READ = { permission: 'events.read' } as const;

@Controller('admin/api')
export class DenialsController {
  constructor(
    @Inject(DenialsService) private readonly events: DenialsService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get('limit-events')
  @Route({
    id: 'listEvents',
    summary: 'Denied calls, newest first; all of them as ?format=csv or ?format=ndjson',
    access: READ,
    reads: 'list',
    query: listEvents,
    response: eventPage,
    example: { items: [EVENT_EXAMPLE], next: null },
    alsoAs: ['csv', 'ndjson'],
  })
  async list(
    @Query(validated(listEvents)) query: z.output<typeof listEvents>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    const line = (row: EventRow) => ({ ...eventView(row) });
    if (form === undefined) return await this.events.list(query);
    return await exportOf(this.database, form, { name: 'limit-events', ...this.events.export(query), line });
  }

  @Get('limit-events/histogram')
  @Route({
    id: 'countEvents',
    summary:
      'Denied calls over time, by the window that denied; the last 24 hours where no time is given; by whole hours for six hours or more',
    access: READ,
    reads: 'list',
    query: countEvents,
    response: histogram,
    example: {
      from: '2026-03-01T09:00:00.000Z',
      to: '2026-03-02T09:00:00.000Z',
      bucketSeconds: 1440,
      counts: [{ at: '2026-03-01T09:00:00.000Z', minute: 12, hour: 0 }],
      total: 12,
    },
    errors: [422],
  })
  async count(@Query(validated(countEvents)) query: z.output<typeof countEvents>): Promise<z.output<typeof histogram>> {
    return await countDenials(this.database, query);
  }

  @Get('denials/:id')
  @Route({
    id: 'explainDenial',
    summary:
      'Why a call was denied: the limit and its origin (of an override only with overrides.read), what filled the window, when it would have been allowed',
    access: READ,
    reads: { accountOf: ({ event }: z.output<typeof explained>) => event.account },
    params: eventParams,
    response: explained,
    example: {
      sentence: 'Denied: 60 of 60 units were used in the 60 s before.',
      event: EVENT_EXAMPLE,
      limit: 60,
      origin: { catalogueVersion: 1, override: null },
      filled: [{ second: 1772441998, units: 60 }],
      allowedAgainAt: '2026-03-02T09:00:59.000Z',
    },
    errors: [404],
  })
  async explain(
    @Param(validated(eventParams)) { id }: z.output<typeof eventParams>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof explained>> {
    return await this.events.explain(id, caller);
  }
}
