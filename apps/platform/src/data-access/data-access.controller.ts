import { Body, Controller, Delete, Get, Post, Put, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Table, type TablePlace } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { type Page, pageSchema, recordSchema } from '../http/schemas.js';
import { Rows } from '../store/rows.js';

const insertBody = z.strictObject({ data: recordSchema });
type InsertBody = z.output<typeof insertBody>;
const bulkBody = z.strictObject({ rows: z.array(recordSchema).min(1).max(500) });
type BulkBody = z.output<typeof bulkBody>;

/** A change needs a filter, so that a missing one does not change the whole table. */
const filter = recordSchema.refine((columns) => Object.keys(columns).length > 0, 'names at least one column');
const updateBody = z.strictObject({ filter, set: recordSchema });
type UpdateBody = z.output<typeof updateBody>;
const deleteBody = z.strictObject({ filter });
type DeleteBody = z.output<typeof deleteBody>;

const viewQuery = pageSchema.extend({
  columns: z
    .string()
    .max(2000)
    .transform((text) => text.split(',').map((column) => column.trim()))
    .optional(),
});
type ViewQuery = z.output<typeof viewQuery>;

/** The rows of an account's tables. A table exists as soon as a call names it. */
@Controller('api/public/tables/:tableName')
export class DataAccessController {
  constructor(private readonly rows: Rows) {}

  @Post('rows')
  @RateLimit('insert-data')
  @Example({ data: { order: 'A-1001', state: 'open', cents: 1990 } })
  async insert(@Table() table: TablePlace, @Body({ schema: insertBody }) { data }: InsertBody) {
    const [rowId] = await this.rows.insert(table, [data]);
    return { rowId, data };
  }

  @Post('rows/bulk')
  @RateLimit('insert-bulk-data')
  @Example({
    rows: [
      { order: 'A-1002', state: 'open' },
      { order: 'A-1003', state: 'paid' },
    ],
  })
  async insertBulk(@Table() table: TablePlace, @Body({ schema: bulkBody }) { rows }: BulkBody) {
    const rowIds = await this.rows.insert(table, rows);
    return { inserted: rowIds.length, rowIds };
  }

  @Put('rows')
  @RateLimit('update-data')
  @Example({ filter: { order: 'A-1002', state: 'open' }, set: { state: 'sent' } })
  async update(@Table() table: TablePlace, @Body({ schema: updateBody }) body: UpdateBody) {
    return { updated: await this.rows.update(table, body) };
  }

  @Delete('rows')
  @RateLimit('delete-data')
  @Example({ filter: { order: 'A-1003' } })
  async remove(@Table() table: TablePlace, @Body({ schema: deleteBody }) body: DeleteBody) {
    return { deleted: await this.rows.remove(table, body.filter) };
  }

  @Get('rows')
  @RateLimit('get-table-data')
  async read(@Table() table: TablePlace, @Query({ schema: pageSchema }) page: Page) {
    return { table: table.table, ...(await this.rows.read(table, { ...page, order: 'oldest' })) };
  }

  /** The newest rows of the table, with the requested columns. */
  @Get('view')
  @RateLimit('get-view-data')
  async view(@Table() table: TablePlace, @Query({ schema: viewQuery }) { columns, ...page }: ViewQuery) {
    const { rows, hasMore } = await this.rows.read(table, { ...page, order: 'newest' });
    const seen = rows.map(({ data }) =>
      columns ? Object.fromEntries(columns.map((column) => [column, data[column] ?? null])) : data,
    );
    return { view: table.table, columns: columns ?? 'all', rows: seen, hasMore };
  }
}
