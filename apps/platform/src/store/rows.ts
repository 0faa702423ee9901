/** Rows of the accounts' tables. A filter has columns and their required values. */
import { Inject, Injectable } from '@nestjs/common';
import type { TablePlace } from '../access/platform-request.js';
import type { Page } from '../http/schemas.js';
import { Database } from './database.js';
import type { Body } from './documents.js';

export interface Row {
  readonly rowId: string;
  readonly data: Body;
}

/**
 * Locks the rows to change in a fixed order. Otherwise two calls with the same filter could wait for each other.
 */
const CHOSEN = `
WITH chosen AS (
  SELECT id FROM platform.rows WHERE account = $1 AND table_name = $2 AND body @> $3::jsonb ORDER BY id FOR UPDATE
)`;

@Injectable()
export class Rows {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Resolves to the IDs of the new rows, in the order of the rows. */
  async insert({ account, table }: TablePlace, rows: readonly Body[]): Promise<string[]> {
    const inserted = await this.database.query<{ id: string }>(
      `INSERT INTO platform.rows (account, table_name, body)
       SELECT $1, $2, r.body FROM unnest($3::jsonb[]) WITH ORDINALITY AS r (body, place) ORDER BY r.place RETURNING id`,
      [account, table, rows.map((row) => JSON.stringify(row))],
    );
    return inserted.rows.map(({ id }) => id);
  }

  /** Sets columns in the rows that match. Resolves to the number of changed rows. */
  async update({ account, table }: TablePlace, { filter, set }: { filter: Body; set: Body }): Promise<number> {
    const { rowCount } = await this.database.query(
      `${CHOSEN} UPDATE platform.rows r SET body = r.body || $4::jsonb FROM chosen
       WHERE r.account = $1 AND r.table_name = $2 AND r.id = chosen.id`,
      [account, table, JSON.stringify(filter), JSON.stringify(set)],
    );
    return rowCount ?? 0;
  }

  async remove({ account, table }: TablePlace, filter: Body): Promise<number> {
    const { rowCount } = await this.database.query(
      `${CHOSEN} DELETE FROM platform.rows r USING chosen
       WHERE r.account = $1 AND r.table_name = $2 AND r.id = chosen.id`,
      [account, table, JSON.stringify(filter)],
    );
    return rowCount ?? 0;
  }

  /** Oldest or newest first. Reads one more row than the limit, to know whether there are more. */
  async read(
    { account, table }: TablePlace,
    { limit, offset, order }: Page & { order: 'oldest' | 'newest' },
  ): Promise<{ rows: Row[]; hasMore: boolean }> {
    const { rows } = await this.database.query<Row>(
      `SELECT id::text AS "rowId", body AS data FROM platform.rows WHERE account = $1 AND table_name = $2
       ORDER BY id ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT $3 OFFSET $4`,
      [account, table, limit + 1, offset],
    );
    return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
  }
}
