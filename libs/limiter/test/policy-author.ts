/** Calls the functions that change policy, as a given author. */
import type { TestDatabase } from '@rollgate/testing';

export interface Who {
  readonly actor: string;
  readonly role: string;
}

export const SUPPORT: Who = { actor: 'staff:ann', role: 'support' };
export const OTHER_SUPPORT: Who = { actor: 'staff:bob', role: 'support' };
export const ADMIN: Who = { actor: 'staff:eve', role: 'admin' };
export const CUSTOMER: Who = { actor: 'account:acme', role: 'customer' };

export interface Changed {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly override_id: string | null;
  readonly expires_at: Date | null;
  readonly per_minute: number | null;
}

/**
 * Returns the changed row, with what the change lowered where the function returns it. Rejects with the driver's error,
 * whose `code` is the SQLSTATE of the refusal.
 */
export async function change<Row = Changed>(
  { pool }: Pick<TestDatabase, 'pool'>,
  name: string,
  { by, values }: { by: Who; values: readonly unknown[] },
): Promise<Row> {
  const places = values.map((_, i) => `$${i + 1}`);
  const given = values.map((value) =>
    typeof value === 'object' && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value,
  );
  const author = `ROW($${values.length + 1}, $${values.length + 2}, '10.0.0.7', 'req-1')::rollgate.author`;
  const columns = name === 'ask_limit' || name === 'undo' ? '*' : '(c.changed).*, c.lowered';
  const { rows } = await pool.query(`SELECT ${columns} FROM rollgate.${name}(${[...places, author].join()}) c`, [
    ...given,
    by.actor,
    by.role,
  ]);
  return rows[0] as Row;
}

export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

/** A plan or an assignment, as a change left it. */
export interface PlanRow {
  readonly id: string;
  readonly version: number;
  readonly history_id: string;
  readonly starts_at: Date;
  readonly ends_at: Date | null;
  readonly retired_at: Date | null;
  readonly lowered:
    | readonly { api: string; window: string; accounts?: number; at: string | null; text: string }[]
    | null;
}

/** Ends an assignment now, as an admin. */
export async function endAssignment(
  { pool }: Pick<TestDatabase, 'pool'>,
  { id, allow }: { id: string; allow: boolean },
): Promise<PlanRow> {
  const { rows } = await pool.query<PlanRow>(
    `SELECT (c.changed).*, c.lowered
     FROM rollgate.end_assignment($1, NULL, NULL, 'left', ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author, $2) c`,
    [id, allow],
  );
  return rows[0] as PlanRow;
}
