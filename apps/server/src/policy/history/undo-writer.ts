/** Reverts changes: one, or all of a batch. Throws a QueryFailedError for a refusal. */
import { Inject, Injectable } from '@nestjs/common';
import { authorOf, type Caller } from '../../authentication/caller.js';
import type { Lowered } from '../../database/refusals.js';
import { PolicyWriter } from '../policy-writer.js';

interface Undo {
  readonly reason: string;
  readonly allowLowering: boolean;
  readonly caller: Caller;
}

export interface Undone {
  /** The change's row in the history. */
  readonly historyId: number;
  readonly lowered: Lowered[];
}

export interface UndoneBatch {
  /** The batch of the changes that revert. */
  readonly batch: string;
  /** Their number. */
  readonly changes: number;
  /** The first of the limits that they lower. */
  readonly lowered: Lowered[];
  readonly loweredCount: number;
}

@Injectable()
export class UndoWriter {
  constructor(@Inject(PolicyWriter) private readonly writer: PolicyWriter) {}

  /** Reverts a change, if it is the newest one of its item. */
  undo({ historyId, reason, allowLowering, caller }: Undo & { readonly historyId: number }): Promise<Undone> {
    const sql = 'SELECT history_id, lowered FROM rollgate.undo($5, $6, ROW($1, $2, $3, $4)::rollgate.author, $7)';
    return this.writer.inTransaction(async (manager) => {
      const rows = await manager.query<{ history_id: string; lowered: Lowered[] | null }[]>(sql, [
        ...authorOf(caller),
        historyId,
        reason,
        allowLowering,
      ]);
      const { history_id, lowered } = rows[0] as (typeof rows)[number];
      return { historyId: Number(history_id), lowered: lowered ?? [] };
    });
  }

  /** Reverts all changes of a batch, if none of its items has changed since. */
  undoBatch({ batch, reason, allowLowering, caller }: Undo & { readonly batch: string }): Promise<UndoneBatch> {
    const sql = `SELECT batch, changes, lowered, lowered_count AS "loweredCount"
      FROM rollgate.undo_batch($5, $6, ROW($1, $2, $3, $4)::rollgate.author, $7)`;
    return this.writer.inTransaction(async (manager) => {
      const rows = await manager.query<UndoneBatch[]>(sql, [...authorOf(caller), batch, reason, allowLowering]);
      return rows[0] as UndoneBatch;
    });
  }
}
