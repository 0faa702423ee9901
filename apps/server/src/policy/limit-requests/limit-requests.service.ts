import { HttpException, Inject, Injectable } from '@nestjs/common';
import { builtInCatalogue } from '@rollgate/contract';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import type { Lowered } from '../../database/refusals.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import { problem } from '../../http/problem.js';
import { leastDefaultOf } from '../../limiting/least-default.js';
import { dimensionsOf, type ScopeInput, scopeColumns } from '../../limiting/subjects.js';
import { loweredBy, PolicyWriter } from '../policy-writer.js';
import type { approveRequest, listRequests, proofSchema, RequestView } from './limit-requests.schemas.js';
import { ProofService } from './proof.service.js';

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

export interface RequestRow {
  readonly id: string;
  /** Tried in this order. */
  readonly number: string;
  readonly account: string;
  readonly group_id: string | null;
  readonly api: string | null;
  readonly subject: string | null;
  readonly per_minute: number | null;
  readonly per_hour: number | null;
  /** The driver returns a numeric as text. */
  readonly factor: string | null;
  readonly until: Date | null;
  readonly past_due: boolean;
  readonly reason: string;
  readonly ticket: string | null;
  readonly denial_id: string | null;
  readonly denial: Record<string, unknown> | null;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly needs_admin: boolean;
  readonly state: RequestView['state'];
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly answer: string | null;
  readonly override_id: string | null;
  readonly version: number;
  readonly history_id: string;
  readonly default_minute: number;
  readonly default_hour: number;
}

const PAGE = 25;

const REQUESTS = `
  SELECT r.*, d.default_minute, d.default_hour, r.state = 'open' AND coalesce(r.until <= clock_timestamp(), false) AS past_due
  FROM rollgate.limit_request r
  ${leastDefaultOf('r')}`;

@Injectable()
export class LimitRequestsService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
    @Inject(ProofService) private readonly proofs: ProofService,
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
    const spec = {
      ...scopeColumns(builtInCatalogue, wish),
      per_minute: wish.perMinute ?? null,
      per_hour: wish.perHour ?? null,
      factor: wish.factor ?? null,
      until: wish.until ?? null,
      reason: wish.reason,
      ticket: wish.ticket ?? null,
      needs_admin: wish.needsAdmin ?? false,
    };
    return await this.writer.change({ name: 'ask_limit', values: [JSON.stringify(spec)], caller }, answerOf);
  }

  async approve(
    id: string,
    version: number | null,
    { answer, ...given }: z.output<typeof approveRequest>,
    caller: Caller,
  ): Promise<{ request: RequestView; lowered: Lowered[] }> {
    const changes = {
      per_minute: given.perMinute,
      per_hour: given.perHour,
      factor: given.factor,
      expires_at: given.expiresAt,
      ticket: given.ticket,
      allow_lowering: given.allowLowering,
    };
    const set = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const values = [id, version, true, JSON.stringify(set), answer ?? null];
    const change = { name: 'decide_request', values, caller };
    return await this.writer.change(change, async (row: RequestRow, manager) => ({
      request: await answerOf(row, manager),
      // The creation of its override is the row before it in the history: both are written in one transaction, under one
      // lock.
      lowered: await loweredBy(manager, Number(row.history_id) - 1),
    }));
  }

  async decline(id: string, version: number | null, answer: string, caller: Caller): Promise<RequestView> {
    const values = [id, version, false, null, answer];
    return await this.writer.change({ name: 'decide_request', values, caller }, answerOf);
  }

  async #view(id: string): Promise<RequestView> {
    const rows = await this.database.query<RequestRow[]>(`${REQUESTS} WHERE r.id = $1`, [id]);
    if (rows[0] === undefined) throw new HttpException(problem(404, `There is no request "${id}".`), 404);
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
async function answerOf(row: RequestRow, manager: EntityManager): Promise<RequestView> {
  const rows = await manager.query<RequestRow[]>(`${REQUESTS} WHERE r.id = $1`, [row.id]);
  return requestView({ ...(rows[0] as RequestRow), ...row });
}

export function requestView(row: RequestRow): RequestView {
  return {
    id: row.id,
    account: row.account,
    scope: row.subject !== null ? 'subject' : row.api !== null ? 'api' : row.group_id !== null ? 'group' : 'account',
    group: row.group_id,
    api: row.api,
    subject: row.subject,
    dimensions: dimensionsOf(row.subject),
    perMinute: row.per_minute,
    perHour: row.per_hour,
    factor: row.factor === null ? null : Number(row.factor),
    until: row.until?.toISOString() ?? null,
    pastDue: row.past_due,
    reason: row.reason,
    ticket: row.ticket,
    denialId: row.denial_id,
    denial: row.denial,
    askedBy: row.asked_by,
    askedAt: row.asked_at.toISOString(),
    needsAdmin: row.needs_admin,
    state: row.state,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at?.toISOString() ?? null,
    answer: row.answer,
    overrideId: row.override_id,
    version: row.version,
    default: { perMinute: row.default_minute, perHour: row.default_hour },
  };
}
