/** Records a change of access in the history, in the same transaction as the change. The rows never contain secrets. */
import type { EntityManager } from 'typeorm';

/** The parameters of `ROW(…)::rollgate.author`; `authorOf(caller)` is one. */
export type Author = readonly [actor: string, role: string | null, address: string | null, requestId: string | null];

export interface Change {
  readonly kind: 'staff' | 'token';
  readonly action: string;
  readonly target: string;
  readonly before: object | null;
  readonly after: object | null;
  readonly reason?: string | undefined;
}

/** `manager`: that of the transaction that makes the change. */
export async function record(manager: EntityManager, change: Change, author: Author): Promise<void> {
  const { kind, action, target, before, after, reason } = change;
  await manager.query(`SELECT rollgate.record_staff($1, $2, $3, ROW($4, $5, $6, $7)::rollgate.author, $8, $9, $10)`, [
    kind,
    action,
    target,
    ...author,
    before === null ? null : JSON.stringify(before),
    after === null ? null : JSON.stringify(after),
    reason ?? null,
  ]);
}
