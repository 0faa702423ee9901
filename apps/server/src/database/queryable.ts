import type pg from 'pg';

/** The part of a pool, a pooled client or a single client that queries need. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}
