import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import type { Lowered } from '../../database/refusals.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import { problem } from '../../http/problem.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { type ScopeInput, scopeColumns } from '../../limiting/subjects.js';
import { PolicyWriter } from '../policy-writer.js';
import type { approveRequest, listRequests, proofSchema, RequestView } from './limit-requests.schemas.js';
import { ProofService } from './proof.service.js';
import { REQUESTS, type RequestColumns, type RequestRow, requestView } from './request-rows.js';

type Proof = z.output<typeof proofSchema>;

export interface Wish extends ScopeInput {
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
  readonly factor?: number | null | undefined;
  readonly until?: string | null | undefined;
  readonly reason: string;
  readonly ticket?: string | null | undefined;
  readonly needsAdmin?: boolean;
}

const PAGE = 25;

@Injectable()
export class LimitRequestsService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
    @Inject(ProofService) private readonly proofs: ProofService,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** Open requests oldest first, decided ones newest first. Each includes the usage that shows whether it is needed. */
  async list(
    query: z.output<typeof listRequests>,
  ): Promise<{ items: { request: RequestView; proof: Proof }[]; next: string | null }> {
    const { limit = PAGE, after } = query;
    const conditions = this.#conditions(query);
    const oldestFirst = query.state === 'open';
    if (after !== undefined) {
      conditions.add(`r.number ${oldestFirst ? '>' : '<'} ?::bigint`, fromCursor(after, ['whole'])[0]);
    }
    const order = oldestFirst ? 'ASC' : 'DESC';
    const rows = await this.database.query<RequestRow[]>(
      `${REQUESTS} ${conditions.where} ORDER BY r.number ${order} LIMIT ${limit + 1}`,
      conditions.values,
    );
    const { items, next } = toPage(rows, { limit, item: requestView, key: ({ number }) => [number] });
    return {
      items: await Promise.all(items.map(async (request) => ({ request, proof: await this.proofs.of(request) }))),
      next,
    };
  }

  export(query: z.output<typeof listRequests>): { sql: string; values: unknown[] } {
    const conditions = this.#conditions(query);
    return { sql: `${REQUESTS} ${conditions.where} ORDER BY r.number DESC`, values: conditions.values };
  }

  async find(id: string): Promise<{ request: RequestView; proof: Proof }> {
    const request = await this.#view(id);
    return { request, proof: await this.proofs.of(request) };
  }

  async ask(wish: Wish, caller: Caller): Promise<RequestView> {
    const { perMinute = null, perHour = null, factor = null, until = null, ticket = null, needsAdmin = false } = wish;
    const scope = await scopeColumns(this.apis, wish);
    const values = { perMinute, perHour, factor };
    const request = { scope, values, until, reason: wish.reason, ticket, needsAdmin, caller };
    return await this.writer.askLimit(request, ({ row }, manager) => viewAfterChange(row, manager));
  }

  async approve(
    id: string,
    version: number | null,
    { answer = null, ...values }: z.output<typeof approveRequest>,
    caller: Caller,
  ): Promise<{ request: RequestView; lowered: Lowered[] }> {
    const decision = { id, version, approve: true, values, answer, caller };
    return await this.writer.decideRequest(decision, async ({ row, lowered }, manager) => ({
      request: await viewAfterChange(row, manager),
      lowered,
    }));
  }

  async decline(id: string, version: number | null, answer: string, caller: Caller): Promise<RequestView> {
    const decision = { id, version, approve: false, answer, caller };
    return await this.writer.decideRequest(decision, ({ row }, manager) => viewAfterChange(row, manager));
  }

  async #view(id: string): Promise<RequestView> {
    const rows = await this.database.query<RequestRow[]>(`${REQUESTS} WHERE r.id = $1`, [id]);
    if (rows[0] === undefined) throw new HttpException(problem(404, `There is no limit request "${id}".`), 404);
    return requestView(rows[0]);
  }

  #conditions({ state, account, needsAdmin, ticket }: z.output<typeof listRequests>): Conditions {
    return new Conditions()
      .add('NOT rollgate.is_internal(r.account)')
      .add('r.state = ?', state === 'all' ? undefined : state)
      .add('r.account = ?', account)
      .add('r.needs_admin = ?::boolean', needsAdmin)
      .add('r.ticket = ?', ticket);
  }
}

/** The limit request as this change left it. */
async function viewAfterChange(row: RequestColumns, manager: EntityManager): Promise<RequestView> {
  const rows = await manager.query<RequestRow[]>(`${REQUESTS} WHERE r.id = $1`, [row.id]);
  return requestView({ ...(rows[0] as RequestRow), ...row });
}
