import type pg from 'pg';

/** As much of a pool, a pooled client or a client of its own as looking needs. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}
