/** Reads and writes limit events for tests. */
import type pg from 'pg';

/** Columns of rollgate.limit_event, with numbers as numbers. */
export interface EventRow {
  readonly id: string;
  readonly kind: string;
  readonly account: string;
  readonly api: string;
  readonly subject: string;
  readonly window_name: string | null;
  readonly per_minute: number;
  readonly used: number;
  readonly cost: number;
  readonly source: string;
  readonly mode: string;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly count: number;
  readonly units: number;
  readonly route: string | null;
  readonly request_id: string | null;
  readonly retry_at: Date | null;
  readonly merged: string;
  readonly filled: [number, number][] | null;
  readonly dimensions: Readonly<Record<string, string>>;
}

export async function eventRows(pool: pg.Pool): Promise<EventRow[]> {
  const { rows } = await pool.query('SELECT * FROM rollgate.limit_event ORDER BY first_at, id');
  return rows.map((row) => ({ ...row, units: Number(row.units) }));
}

export async function countedCalls(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ calls: number }>(
    'SELECT coalesce(sum(count), 0)::int AS calls FROM rollgate.limit_event',
  );
  return rows[0]?.calls as number;
}

/** Writes events. @returns the number of new events */
export async function writeEvents(pool: pg.Pool, events: readonly unknown[]): Promise<number> {
  const { rows } = await pool.query<{ written: number }>('SELECT rollgate.write_events($1) AS written', [
    JSON.stringify(events),
  ]);
  return rows[0]?.written as number;
}
