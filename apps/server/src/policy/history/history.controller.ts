import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { exportOf } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import {
  batchParams,
  batchSchema,
  HISTORY_EXAMPLE,
  historyPage,
  historyParams,
  listHistory,
  undoChange,
  undone,
  undoneBatch,
  verification,
} from './history.schemas.js';
import { type HistoryRow, HistoryService, historyView } from './history.service.js';

const READ = { permission: 'history.read' } as const;

@Controller('admin/api/history')
export class HistoryController {
  constructor(
    @Inject(HistoryService) private readonly history: HistoryService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @Route({
    id: 'listHistory',
    summary: 'Who changed what, newest first; only changes of things that the caller may read; as CSV with ?format=csv',
    access: READ,
    reads: 'list',
    query: listHistory,
    response: historyPage,
    example: { items: [HISTORY_EXAMPLE], next: null },
    alsoAs: ['csv'],
  })
  async list(
    @Query(validated(listHistory)) query: z.output<typeof listHistory>,
    @AsExport() form: ExportForm | undefined,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    if (form === undefined) return await this.history.list(query, caller);
    const line = (row: HistoryRow) => ({ ...historyView(row) });
    return await exportOf(this.database, form, { name: 'history', ...this.history.export(query, caller), line });
  }

  @Get('verify')
  @Route({
    id: 'verifyHistory',
    summary: 'Proves the chain of hashes, or names the first row that breaks it',
    access: READ,
    response: verification,
    example: { ok: true, rowsChecked: 240, lastHash: HISTORY_EXAMPLE.hash, broken: null },
  })
  async verify(): Promise<z.output<typeof verification>> {
    return await this.history.verify();
  }

  @Post(':id/undo')
  @Route({
    id: 'undoChange',
    summary:
      'Writes the inverse of a change of an override (permission overrides.write), the catalogue (catalogue.write), a plan (plans.write) or an assignment (plans.assign), when nothing changed since; what lowers a limit in force needs `allowLowering`, unless it undoes the creation of an override',
    // The permission depends on the change that is undone: the service checks it.
    access: { signedIn: true },
    params: historyParams,
    body: undoChange,
    response: undone,
    example: { historyId: 241, lowered: [] },
    errors: [404, 409, 422],
  })
  async undo(
    @Param(validated(historyParams)) { id }: z.output<typeof historyParams>,
    @Body(validated(undoChange)) input: z.output<typeof undoChange>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof undone>> {
    return await this.history.undo(id, input, caller);
  }
  @Get('batches/:batch')
  @Route({
    id: 'getBatch',
    summary: 'Who made a batch, when, and how many changes it has, of things that the caller may read',
    access: READ,
    params: batchParams,
    response: batchSchema,
    example: {
      batch: 'bat_12',
      at: '2026-03-02T09:00:00.000Z',
      actor: 'staff:ann@example.com',
      changes: 200,
      accounts: 200,
    },
    errors: [404],
  })
  async batch(
    @Param(validated(batchParams)) { batch }: z.output<typeof batchParams>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof batchSchema>> {
    return await this.history.batch(batch, caller);
  }

  @Post('batches/:batch/undo')
  @Route({
    id: 'undoBatch',
    summary:
      'Writes the inverses of all changes of a batch, as a new batch; refused as a whole if one of its items was changed since; permissions and `allowLowering` as for one change',
    access: { signedIn: true },
    params: batchParams,
    body: undoChange,
    response: undoneBatch,
    example: { batch: 'bat_13', changes: 200, lowered: [], loweredCount: 0 },
    errors: [404, 409, 422],
  })
  async undoBatch(
    @Param(validated(batchParams)) { batch }: z.output<typeof batchParams>,
    @Body(validated(undoChange)) input: z.output<typeof undoChange>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof undoneBatch>> {
    return await this.history.undoBatch(batch, input, caller);
  }
}
