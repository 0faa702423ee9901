import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Account } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, type Page, pageSchema, WHOLE } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';

const rolesBody = z.strictObject({
  roles: z
    .array(z.strictObject({ name: nameSchema, permissions: z.array(nameSchema).max(50) }))
    .min(1)
    .max(100),
});
type RolesBody = z.output<typeof rolesBody>;

@Controller('api/public/roles')
export class RolesController {
  constructor(private readonly documents: Documents) {}

  @Post()
  @RateLimit('import-roles')
  @Example({ roles: [{ name: 'reviewer', permissions: ['bots:read'] }] })
  async import(@Account() account: Place, @Body({ schema: rolesBody }) { roles }: RolesBody) {
    const documents = roles.map(({ name, ...body }) => ({ id: name, body }));
    return { imported: await this.documents.put(account, 'role', documents) };
  }

  @Get()
  @RateLimit('get-roles')
  async list(@Account() account: Place, @Query({ schema: pageSchema }) page: Page) {
    const roles = await this.documents.list(account, 'role', page);
    return { roles: roles.map(({ id }) => ({ name: id })) };
  }

  @Get('export')
  @RateLimit('export-roles')
  async export(@Account() account: Place) {
    const roles = await this.documents.list(account, 'role', WHOLE);
    return { account: account.account, roles: roles.map(({ id, body }) => ({ name: id, ...body })) };
  }
}
