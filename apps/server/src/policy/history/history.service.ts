import { HttpException, Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { assertMay, type Caller } from '../../authentication/caller.js';
import { Conditions } from '../../database/conditions.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import type { Permission } from '../../http/permissions.js';
import { problem } from '../../http/problem.js';
import {
  type batchSchema,
  type HistoryView,
  type historyPage,
  KINDS,
  type listHistory,
  type undoChange,
  type undone,
  type undoneBatch,
  type verification,
} from './history.schemas.js';
import { UndoWriter } from './undo-writer.js';

export interface HistoryRow extends Omit<HistoryView, 'id' | 'at' | 'requestId' | 'undoes'> {
  readonly id: string;
  readonly at: Date;
  readonly request_id: string | null;
  readonly undoes: string | null;
}

type Kind = (typeof KINDS)[number];

const PAGE = 50;
/** A change shows what was changed, so seeing it needs the permission for that kind of item. */
const READ: Readonly<Record<Kind, Permission>> = {
  override: 'overrides.read',
  request: 'requests.read',
  catalogue: 'catalogue.read',
  plan: 'plans.read',
  assignment: 'plans.read',
  policy: 'catalogue.read',
  reset: 'overrides.read',
  staff: 'staff.read',
  token: 'staff.read',
};
/** Undoing a change is a change of the same kind. */
const WRITE: Readonly<Record<Kind, Permission>> = {
  override: 'overrides.write',
  request: 'requests.decide',
  catalogue: 'catalogue.write',
  plan: 'plans.write',
  assignment: 'plans.assign',
  policy: 'catalogue.write',
  reset: 'windows.reset',
  staff: 'staff.write',
  token: 'staff.write',
};
const HISTORY =
  'SELECT h.id, h.at, h.kind, h.action, h.target, h.account, h.actor, h.role, h.address, h.request_id, h.before, h.after, h.reason, h.ticket, h.undoes, h.batch, h.hash FROM rollgate.history h';

@Injectable()
export class HistoryService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(UndoWriter) private readonly writer: UndoWriter,
  ) {}

  /** Newest first; only kinds of items that the caller may read. @throws ForbiddenException for another `kind` */
  async list(query: z.output<typeof listHistory>, caller: Caller): Promise<z.output<typeof historyPage>> {
    const { limit = PAGE, after } = query;
    const conditions = filters(query, caller);
    if (after !== undefined) conditions.add('h.id < ?', fromCursor(after, ['whole'])[0]);
    const rows = await this.database.query<HistoryRow[]>(
      `${HISTORY} ${conditions.where} ORDER BY h.id DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item: historyView, key: ({ id }) => [Number(id)] });
  }

  export(query: z.output<typeof listHistory>, caller: Caller): { sql: string; values: unknown[] } {
    const conditions = filters(query, caller);
    return { sql: `${HISTORY} ${conditions.where} ORDER BY h.id DESC`, values: conditions.values };
  }

  /** @throws HttpException 404 */
  async batch(batch: string, caller: Caller): Promise<z.output<typeof batchSchema>> {
    const { where, values } = filters({ batch }, caller);
    const rows = await this.database.query<{ at: Date | null; actor: string; changes: number; accounts: number }[]>(
      `SELECT min(h.at) AS at, min(h.actor) AS actor, count(*)::int AS changes, count(DISTINCT h.account)::int AS accounts
       FROM rollgate.history h ${where}`,
      values,
    );
    const { at, ...found } = rows[0] as (typeof rows)[number];
    if (at === null) throw new HttpException(problem(404, `There is no batch "${batch}".`), 404);
    return { batch, at: at.toISOString(), ...found };
  }

  async verify(): Promise<z.output<typeof verification>> {
    const rows = await this.database.query<
      { rows_checked: string; last_hash: string; broken_id: string | null; broken_why: string | null }[]
    >('SELECT * FROM rollgate.verify_history()');
    const { rows_checked, last_hash, broken_id, broken_why } = rows[0] as (typeof rows)[number];
    const broken = broken_id === null ? null : { id: Number(broken_id), why: broken_why ?? '' };
    return { ok: broken === null, rowsChecked: Number(rows_checked), lastHash: last_hash, broken };
  }

  /** @throws ForbiddenException if the caller may not make such a change; QueryFailedError */
  async undo(
    id: number,
    { reason, allowLowering = false }: z.output<typeof undoChange>,
    caller: Caller,
  ): Promise<z.output<typeof undone>> {
    const rows = await this.database.query<{ kind: Kind }[]>('SELECT kind FROM rollgate.history WHERE id = $1', [id]);
    // A caller without any such permission must not learn whether the change exists.
    assertMay(caller, WRITE[rows[0]?.kind ?? 'override']);
    return await this.writer.undo({ historyId: id, reason, allowLowering, caller });
  }

  /** @throws ForbiddenException if the caller may not make such changes; QueryFailedError */
  async undoBatch(
    batch: string,
    { reason, allowLowering = false }: z.output<typeof undoChange>,
    caller: Caller,
  ): Promise<z.output<typeof undoneBatch>> {
    const rows = await this.database.query<{ kind: Kind }[]>(
      'SELECT DISTINCT kind FROM rollgate.history WHERE batch = $1',
      [batch],
    );
    // A caller without any such permission must not learn whether the batch exists.
    if (rows.length === 0) assertMay(caller, WRITE.override);
    for (const { kind } of rows) assertMay(caller, WRITE[kind]);
    return await this.writer.undoBatch({ batch, reason, allowLowering, caller });
  }
}

function filters(
  { kind, target, account, actor, batch, from, to }: z.output<typeof listHistory>,
  caller: Caller,
): Conditions {
  if (kind !== undefined) assertMay(caller, READ[kind]);
  const readable = KINDS.filter((one) => caller.permissions.has(READ[one]));
  return new Conditions()
    .add('h.kind = ANY (?::text[])', readable)
    .add('h.kind = ?', kind)
    .add('h.target = ?', target)
    .add('h.account = ?', account)
    .add('h.actor = ?', actor)
    .add('h.batch = ?', batch)
    .add('h.at >= ?::timestamptz', from)
    .add('h.at < ?::timestamptz', to);
}

export function historyView({ id, at, request_id, undoes, ...row }: HistoryRow): HistoryView {
  return {
    ...row,
    id: Number(id),
    at: at.toISOString(),
    requestId: request_id,
    undoes: undoes === null ? null : Number(undoes),
  };
}
