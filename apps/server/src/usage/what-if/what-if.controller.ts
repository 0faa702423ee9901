import { Controller, Get, Inject, Query } from '@nestjs/common';
import { rowsAsFile } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { WHAT_IF_EXAMPLE, type WhatIfQuestion, type WhatIfRow, whatIf, whatIfAnswer } from './what-if.schemas.js';
import { WhatIfService } from './what-if.service.js';

@Controller('admin/api/what-if')
export class WhatIfController {
  constructor(@Inject(WhatIfService) private readonly changes: WhatIfService) {}

  @Get()
  @Route({
    id: 'whatIf',
    summary:
      'Which calls on record would have been decided differently under a changed default, plan or override, greatest effect first; changes nothing; all rows with ?format=csv',
    access: { permission: 'accounts.read' },
    reads: 'list',
    query: whatIf,
    response: whatIfAnswer,
    example: WHAT_IF_EXAMPLE,
    errors: [404, 422],
    alsoAs: ['csv'],
  })
  async find(
    @Query(validated(whatIf)) question: WhatIfQuestion,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.changes.find(question);
    const { rows } = await this.changes.rows(question);
    return rowsAsFile(form, { name: 'what-if', rows: rows.map(lineOf) });
  }
}

function lineOf(row: WhatIfRow): Record<string, unknown> {
  const { account, api, subject, subjects, affected, stillAllowed, newlyDenied, denied, newlyAllowed, aboveNow } = row;
  return {
    account,
    api,
    subject,
    subjects,
    affected,
    stillAllowed,
    newlyDenied,
    denied,
    newlyAllowed,
    aboveNow,
    perMinuteBefore: row.before?.perMinute,
    perHourBefore: row.before?.perHour,
    perMinuteAfter: row.after?.perMinute,
    perHourAfter: row.after?.perHour,
  };
}
