import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import { problem } from '../../http/problem.js';
import { KnownAccounts } from '../../limiting/known-accounts.service.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { OVERRIDE_STATE, stateAfterChange } from '../../limiting/override-state.js';
import { scopeColumns } from '../../limiting/subjects.js';
import { type Changed, PolicyWriter } from '../policy-writer.js';
import { OVERRIDES, type OverrideColumns, type OverrideRow, overrideView } from './override-rows.js';
import type {
  changedOverride,
  changeOverride,
  createOverride,
  expiryPreview,
  listOverrides,
  OverrideView,
  restoreOverride,
} from './overrides.schemas.js';

type ListQuery = z.output<typeof listOverrides>;
type ChangeAnswer = z.output<typeof changedOverride>;

const PAGE = 50;

@Injectable()
export class OverridesService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** Newest first. */
  async list(query: ListQuery): Promise<{ items: OverrideView[]; next: string | null }> {
    const { limit = PAGE, after } = query;
    const conditions = this.#conditions(query);
    if (after !== undefined) conditions.add('o.created_in < ?', fromCursor(after, ['whole'])[0]);
    const rows = await this.database.query<OverrideRow[]>(
      `${OVERRIDES} ${conditions.where} ORDER BY o.created_in DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item: overrideView, key: ({ created_in }) => [Number(created_in)] });
  }

  /** The whole list, for an export. */
  export(query: ListQuery): { sql: string; values: unknown[] } {
    const conditions = this.#conditions(query);
    return { sql: `${OVERRIDES} ${conditions.where} ORDER BY o.created_in DESC`, values: conditions.values };
  }

  /** @throws HttpException 404 */
  async find(id: string): Promise<OverrideView> {
    const rows = await this.database.query<OverrideRow[]>(`${OVERRIDES} WHERE o.id = $1`, [id]);
    if (rows[0] === undefined) throw new HttpException(problem(404, `There is no override "${id}".`), 404);
    return overrideView(rows[0]);
  }

  async create(input: z.output<typeof createOverride>, caller: Caller): Promise<ChangeAnswer> {
    const scope = await scopeColumns(this.apis, input);
    const warnings = await this.known.warningsOf(input.account, caller);
    const { reason, ...values } = input;
    return { ...(await this.writer.createOverride({ scope, values, reason, caller }, respond)), warnings };
  }

  async change(
    id: string,
    version: number,
    { reason, ...values }: z.output<typeof changeOverride>,
    caller: Caller,
  ): Promise<ChangeAnswer> {
    return await this.writer.changeOverride({ id, version, values, reason, caller }, respond);
  }

  async expire(id: string, version: number | null, reason: string, caller: Caller): Promise<ChangeAnswer> {
    return await this.writer.expireOverride({ id, version, reason, caller }, respond);
  }

  async restore(
    id: string,
    version: number,
    { reason, expiresAt, allowLowering = false }: z.output<typeof restoreOverride>,
    caller: Caller,
  ): Promise<ChangeAnswer> {
    return await this.writer.restoreOverride({ id, version, expiresAt, reason, allowLowering, caller }, respond);
  }

  /** The limits that fall if these overrides end now. */
  async previewExpiry(ids: readonly string[]): Promise<z.output<typeof expiryPreview>> {
    return { items: await this.database.query('SELECT id, lowered FROM rollgate.preview_end($1)', [ids]) };
  }

  #conditions(query: ListQuery): Conditions {
    const conditions = new Conditions()
      .add('NOT rollgate.is_internal(o.account)')
      .add('o.account = ?', query.account)
      .add('o.created_by = ?', query.createdBy)
      .add('o.ticket = ?', query.ticket)
      .add('o.expires_at <= clock_timestamp() + make_interval(secs => ?::float8 * 3600)', query.expiringWithinHours)
      .add(
        `o.per_minute >= d.default_minute::float8 * ?::float8 OR o.per_hour >= d.default_hour::float8 * ?::float8
         OR o.factor >= ?::float8 OR d.default_minute::float8 + o.extra_minute >= d.default_minute::float8 * ?::float8
         OR d.default_hour::float8 + o.extra_hour >= d.default_hour::float8 * ?::float8`,
        query.aboveTimes,
        query.aboveTimes,
        query.aboveTimes,
        query.aboveTimes,
        query.aboveTimes,
      )
      .add('(u.override_id IS NULL) = ?::boolean', query.neverUsed)
      .add('(u.needed_at IS NULL) = ?::boolean', query.neverNeeded)
      .add('(o.expires_at IS NULL) = ?::boolean', query.permanent);
    if (query.state !== 'all') conditions.add(`${OVERRIDE_STATE} = ?`, query.state);
    return conditions;
  }
}

/** The override as this change left it, without a colleague's next change. */
async function respond(
  { row, historyId, lowered }: Changed<OverrideColumns>,
  manager: EntityManager,
): Promise<ChangeAnswer> {
  const rows = await manager.query<OverrideRow[]>(`${OVERRIDES} WHERE o.id = $1`, [row.id]);
  const override = overrideView({ ...(rows[0] as OverrideRow), ...row, state: stateAfterChange(row) });
  return { override, historyId, lowered, warnings: [] };
}
