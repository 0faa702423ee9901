import { HttpException, Inject, Injectable } from '@nestjs/common';
import { builtInCatalogue } from '@rollgate/contract';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import { problem } from '../../http/problem.js';
import { KnownAccounts } from '../../limiting/known-accounts.service.js';
import { IN_STATE, stateAfterChange } from '../../limiting/override-state.js';
import { scopeColumns } from '../../limiting/subjects.js';
import { loweredBy, PolicyWriter } from '../policy-writer.js';
import { OVERRIDES, type OverrideRow, overrideView } from './override-rows.js';
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
type Changed = z.output<typeof changedOverride>;

const PAGE = 50;

@Injectable()
export class OverridesService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PolicyWriter) private readonly writer: PolicyWriter,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
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

  async create(input: z.output<typeof createOverride>, caller: Caller): Promise<Changed> {
    const spec = {
      ...scopeColumns(builtInCatalogue, input),
      ...columns(input),
      reason: input.reason,
    };
    const warnings = await this.known.warningsOf(input.account, caller);
    const values = [JSON.stringify(spec)];
    return { ...(await this.writer.change({ name: 'create_override', values, caller }, answerOf)), warnings };
  }

  async change(id: string, version: number, input: z.output<typeof changeOverride>, caller: Caller): Promise<Changed> {
    const values = [id, version, JSON.stringify(columns(input)), input.reason];
    return await this.writer.change({ name: 'change_override', values, caller }, answerOf);
  }

  async expire(id: string, version: number | null, reason: string, caller: Caller): Promise<Changed> {
    return await this.writer.change({ name: 'expire_override', values: [id, version, reason], caller }, answerOf);
  }

  async restore(
    id: string,
    version: number,
    { reason, expiresAt, allowLowering = false }: z.output<typeof restoreOverride>,
    caller: Caller,
  ): Promise<Changed> {
    const values = [id, version, expiresAt, reason];
    return await this.writer.change({ name: 'restore_override', values, caller, more: [allowLowering] }, answerOf);
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
         OR o.factor >= ?::float8`,
        query.aboveTimes,
        query.aboveTimes,
        query.aboveTimes,
      )
      .add('(u.override_id IS NULL) = ?::boolean', query.neverUsed)
      .add('(u.needed_at IS NULL) = ?::boolean', query.neverNeeded)
      .add('(o.expires_at IS NULL) = ?::boolean', query.permanent);
    if (query.state !== 'all') conditions.add(IN_STATE[query.state]);
    return conditions;
  }
}

/** Only the given fields: a change leaves the others as they are. */
function columns(input: z.output<typeof changeOverride>): Record<string, unknown> {
  const { perMinute, perHour, factor, mode, startsAt, expiresAt, ticket, allowLowering } = input;
  const all = {
    per_minute: perMinute,
    per_hour: perHour,
    factor,
    mode,
    starts_at: startsAt,
    expires_at: expiresAt,
    ticket,
    allow_lowering: allowLowering,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The override as this change left it, without a colleague's next change. */
async function answerOf(row: OverrideRow, manager: EntityManager): Promise<Changed> {
  const rows = await manager.query<OverrideRow[]>(`${OVERRIDES} WHERE o.id = $1`, [row.id]);
  return {
    override: overrideView({ ...(rows[0] as OverrideRow), ...row, state: stateAfterChange(row) }),
    historyId: Number(row.history_id),
    lowered: await loweredBy(manager, row.history_id),
    warnings: [],
  };
}
