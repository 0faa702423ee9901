import { Controller, Get, Inject, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { exportOf } from '../../http/csv.js';
import { AsExport, type ExportForm } from '../../http/export-form.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { ACCESS_EXAMPLE, accessPage, listAccess, listSignIns, SIGN_IN_EXAMPLE, signInPage } from './access.schemas.js';
import { type AccessRow, AccessService, accessView, type SignInRow, signInView } from './access.service.js';

const READ = { permission: 'staff.read' } as const;

@Controller('admin/api')
export class AccessController {
  constructor(
    @Inject(AccessService) private readonly log: AccessService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get('sign-ins')
  @Route({
    id: 'listSignIns',
    summary:
      'Who signed in or tried to, who signed out, and which tokens were used, newest first; as CSV with ?format=csv',
    access: READ,
    query: listSignIns,
    response: signInPage,
    example: { items: [SIGN_IN_EXAMPLE], next: null },
    alsoAs: ['csv'],
  })
  async signIns(
    @Query(validated(listSignIns)) query: z.output<typeof listSignIns>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.log.signIns(query);
    const line = (row: SignInRow) => ({ ...signInView(row) });
    return await exportOf(this.database, form, { name: 'sign-ins', ...this.log.exportSignIns(query), line });
  }

  @Get('access-log')
  @Route({
    id: 'listAccess',
    summary: 'Who viewed which account, and who exported which list, newest first; as CSV with ?format=csv',
    access: READ,
    reads: { notRecordedBecause: 'it shows who read an account, and nothing of the account itself' },
    query: listAccess,
    response: accessPage,
    example: { items: [ACCESS_EXAMPLE], next: null },
    alsoAs: ['csv'],
  })
  async access(
    @Query(validated(listAccess)) query: z.output<typeof listAccess>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.log.access(query);
    const line = (row: AccessRow) => {
      const { routes, ...view } = accessView(row);
      return { ...view, routes: routes.join(' ') };
    };
    return await exportOf(this.database, form, { name: 'access-log', ...this.log.exportAccess(query), line });
  }
}
