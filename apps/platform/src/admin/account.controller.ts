import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Account, KnownJob } from '../access/platform-request.js';
import { Example, StatusOf } from '../catalogue/route-marks.js';
import { nameSchema, type Page, pageSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import { type JobRef, Jobs, type StartedJob } from '../store/jobs.js';
import { Owners } from '../store/owners.js';
import type { Place } from '../store/place.js';
import { Users } from './users.js';

const deletionBody = z.strictObject({ userIds: z.array(nameSchema).min(1).max(100) });
type DeletionBody = z.output<typeof deletionBody>;

/** Resources that belong to the whole account. */
@Controller('api/public')
export class AccountController {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
    private readonly owners: Owners,
    private readonly users: Users,
  ) {}

  @Get('bots')
  @RateLimit('get-bots')
  async bots(@Account() { account }: Place, @Query({ schema: pageSchema }) page: Page) {
    return { bots: (await this.owners.botsOf(account, page)).map((botId) => ({ botId })) };
  }

  @Get('groups')
  @RateLimit('get-groups')
  async groups(@Account() account: Place, @Query({ schema: pageSchema }) page: Page) {
    const members = await this.users.emails(account);
    const groups = await this.documents.list(account, 'group', page);
    return { groups: groups.map(({ id, body }) => ({ name: id, ...body, members })) };
  }

  @Post('customer-data-deletions')
  @HttpCode(202)
  @RateLimit('delete-customer-data')
  @Example({ userIds: ['user-17'] })
  async deleteCustomerData(
    @Account() account: Place,
    @Body({ schema: deletionBody }) { userIds }: DeletionBody,
  ): Promise<StartedJob> {
    const notifications = await this.documents.removeOfUsers(account.account, 'notification', userIds);
    return this.jobs.start(account, 'delete-customer-data', { users: userIds.length, notifications });
  }

  @Get('customer-data-deletions/:requestId')
  @RateLimit('delete-customer-data-status-api')
  @StatusOf('delete-customer-data')
  deletion(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('audit-logs')
  @RateLimit('get-admin-console-audit-logs')
  async auditLogs(@Account() account: Place, @Query({ schema: pageSchema }) page: Page) {
    return { entries: await this.documents.changes(account, page) };
  }
}
