import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../authentication/caller.js';
import { exportOf } from '../http/csv.js';
import { AsExport, type ExportForm } from '../http/export-form.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import {
  accountBrief,
  accountPage,
  accountParams,
  listUsage,
  searchAccounts,
  stripSchema,
  USAGE_EXAMPLE,
  usagePage,
} from './accounts.schemas.js';
import { AccountsService } from './accounts.service.js';

const READ = { permission: 'accounts.read' } as const;
const BRIEF = { account: 'acme', overridesInForce: 1, openRequests: 0, denialsLastHour: 312 };

@Controller('admin/api/accounts')
export class AccountsController {
  constructor(
    @Inject(AccountsService) private readonly accounts: AccountsService,
    @Inject(DataSource) private readonly database: DataSource,
  ) {}

  @Get()
  @Route({
    id: 'searchAccounts',
    summary: 'Accounts by the start of their name, the exact one first; all of them with ?format=csv',
    access: READ,
    query: searchAccounts,
    response: accountPage,
    example: { items: [BRIEF], next: null },
    alsoAs: ['csv'],
  })
  async search(
    @Query(validated(searchAccounts)) query: z.output<typeof searchAccounts>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form === undefined) return await this.accounts.search(query);
    const line = ({ account }: { account: string }) => ({ account });
    return await exportOf(this.database, form, { name: 'accounts', ...this.accounts.export(query), line });
  }

  @Get(':account')
  @Route({
    id: 'getAccount',
    summary: 'A summary of an account; it is empty for an unknown account',
    access: READ,
    reads: 'account',
    params: accountParams,
    response: accountBrief,
    example: BRIEF,
  })
  async brief(
    @Param(validated(accountParams)) { account }: z.output<typeof accountParams>,
  ): Promise<z.output<typeof accountBrief>> {
    return await this.accounts.brief(account);
  }

  @Get(':account/usage')
  @Route({
    id: 'getUsage',
    summary: 'Live usage of every API and subject with traffic in the last hour; spends nothing',
    access: READ,
    reads: 'account',
    params: accountParams,
    query: listUsage,
    response: usagePage,
    example: { asOf: '2026-03-02T09:00:00.000Z', items: [USAGE_EXAMPLE], next: null },
  })
  async usage(
    @Param(validated(accountParams)) { account }: z.output<typeof accountParams>,
    @Query(validated(listUsage)) query: z.output<typeof listUsage>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof usagePage>> {
    return await this.accounts.usage(account, query, caller);
  }

  @Get(':account/strip')
  @Route({
    id: 'getStrip',
    summary: 'The last hour of an account, minute by minute and API by API',
    access: READ,
    reads: 'account',
    params: accountParams,
    response: stripSchema,
    example: {
      asOf: '2026-03-02T09:00:00.000Z',
      minutes: [29541540],
      series: [{ api: 'publish-bot', title: 'Publish bot', units: [60] }],
      denials: [2],
      limit: { perMinute: 60, perHour: 1800 },
    },
  })
  async strip(
    @Param(validated(accountParams)) { account }: z.output<typeof accountParams>,
  ): Promise<z.output<typeof stripSchema>> {
    return await this.accounts.strip(account);
  }
}
