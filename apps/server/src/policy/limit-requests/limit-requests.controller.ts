import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { exportOf } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { IfMatch } from '../../http/if-match.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import {
  approveRequest,
  askRequest,
  decidedRequest,
  declineRequest,
  limitRequestParams,
  listRequests,
  PROOF_EXAMPLE,
  REQUEST_EXAMPLE,
  requestPage,
  requestWithProof,
} from './limit-requests.schemas.js';
import { LimitRequestsService } from './limit-requests.service.js';
import { type RequestRow, requestView } from './request-rows.js';

const READ = { permission: 'requests.read' } as const;
const DECIDE = { permission: 'requests.decide' } as const;

@Controller('admin/api/requests')
export class LimitRequestsController {
  constructor(
    @Inject(LimitRequestsService) private readonly requests: LimitRequestsService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @Route({
    id: 'listRequests',
    summary:
      'Requests for custom limits with the usage of each account; the oldest open one first; as CSV with ?format=csv',
    access: READ,
    reads: 'list',
    query: listRequests,
    response: requestPage,
    example: { items: [{ request: REQUEST_EXAMPLE, proof: PROOF_EXAMPLE }], next: null },
    alsoAs: ['csv'],
  })
  async list(
    @Query(validated(listRequests)) query: z.output<typeof listRequests>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.requests.list(query);
    const line = (row: RequestRow) => {
      const { default: _, dimensions: __, ...view } = requestView(row);
      return view;
    };
    return await exportOf(this.database, form, { name: 'limit-requests', ...this.requests.export(query), line });
  }

  @Post()
  @Route({
    id: 'askRequest',
    summary: 'File a request in the name of an account; another staff member reviews it',
    access: DECIDE,
    body: askRequest,
    response: decidedRequest,
    example: { request: REQUEST_EXAMPLE, lowered: [] },
    status: 201,
    errors: [404, 409, 422],
  })
  async ask(
    @Body(validated(askRequest)) wish: z.output<typeof askRequest>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof decidedRequest>> {
    return { request: await this.requests.ask(wish, caller), lowered: [] };
  }

  @Get(':limitRequestId')
  @Route({
    id: 'getRequest',
    summary: 'One request with the usage that proves it',
    access: READ,
    reads: { accountOf: ({ request }: z.output<typeof requestWithProof>) => request.account },
    params: limitRequestParams,
    response: requestWithProof,
    example: { request: REQUEST_EXAMPLE, proof: PROOF_EXAMPLE },
    errors: [404],
  })
  async find(
    @Param(validated(limitRequestParams)) { limitRequestId }: z.output<typeof limitRequestParams>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof requestWithProof>> {
    const found = await this.requests.find(limitRequestId);
    response.setHeader('ETag', `"${found.request.version}"`);
    return found;
  }

  @Post(':limitRequestId/approve')
  @Route({
    id: 'approveRequest',
    summary:
      'Approve, with the values wanted or others; makes the override at once; what lowers a limit in force needs `allowLowering`',
    access: DECIDE,
    params: limitRequestParams,
    body: approveRequest,
    response: decidedRequest,
    example: { request: { ...REQUEST_EXAMPLE, state: 'approved', overrideId: 'ovr_17', version: 2 }, lowered: [] },
    errors: [404, 409, 412, 422, 428],
  })
  async approve(
    @Param(validated(limitRequestParams)) { limitRequestId }: z.output<typeof limitRequestParams>,
    @IfMatch() version: number,
    @Body(validated(approveRequest)) input: z.output<typeof approveRequest>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof decidedRequest>> {
    return await this.requests.approve(limitRequestId, version, input, caller);
  }

  @Post(':limitRequestId/decline')
  @Route({
    id: 'declineRequest',
    summary: 'Decline, with the reason the customer reads',
    access: DECIDE,
    params: limitRequestParams,
    body: declineRequest,
    response: decidedRequest,
    example: {
      request: { ...REQUEST_EXAMPLE, state: 'declined', answer: 'Please spread the calls.', version: 2 },
      lowered: [],
    },
    errors: [404, 409, 412, 428],
  })
  async decline(
    @Param(validated(limitRequestParams)) { limitRequestId }: z.output<typeof limitRequestParams>,
    @IfMatch() version: number,
    @Body(validated(declineRequest)) { answer }: z.output<typeof declineRequest>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof decidedRequest>> {
    return { request: await this.requests.decline(limitRequestId, version, answer, caller), lowered: [] };
  }
}
