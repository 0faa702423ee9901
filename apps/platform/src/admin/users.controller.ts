import { Body, Controller, Delete, Get, Post, Put, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Account } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { emailSchema, nameSchema, type Page, pageSchema } from '../http/schemas.js';
import type { Place } from '../store/place.js';
import { FIRST_USER } from '../store/starter-documents.js';
import { Users } from './users.js';

const createBody = z.strictObject({
  users: z
    .array(z.strictObject({ email: emailSchema, firstName: nameSchema, lastName: nameSchema }))
    .min(1)
    .max(200),
});
type CreateBody = z.output<typeof createBody>;
const updateBody = z.strictObject({
  email: emailSchema,
  firstName: nameSchema.optional(),
  lastName: nameSchema.optional(),
});
type UpdateBody = z.output<typeof updateBody>;
const removeBody = z.strictObject({ emails: z.array(emailSchema).min(1).max(200) });
type RemoveBody = z.output<typeof removeBody>;
const accessBody = z.strictObject({ email: emailSchema, access: z.enum(['enabled', 'disabled']) });
type AccessBody = z.output<typeof accessBody>;
const rolesBody = z.strictObject({ email: emailSchema, roles: z.array(nameSchema).max(50) });
type RolesBody = z.output<typeof rolesBody>;

/** The users of an account. Every account begins with one administrator. */
@Controller('api/public/users')
export class UsersController {
  constructor(private readonly users: Users) {}

  @Post()
  @RateLimit('create-users')
  @Example({ users: [{ email: 'ada@example.com', firstName: 'Ada', lastName: 'Byron' }] })
  create(@Account() account: Place, @Body({ schema: createBody }) { users }: CreateBody) {
    return this.users.create(account, users);
  }

  @Get()
  @RateLimit('get-users-information')
  async list(@Account() account: Place, @Query({ schema: pageSchema }) page: Page) {
    return { users: await this.users.list(account, page) };
  }

  @Put()
  @RateLimit('update-user')
  @Example({ email: FIRST_USER, firstName: 'Grace' })
  update(@Account() account: Place, @Body({ schema: updateBody }) { email, ...names }: UpdateBody) {
    return this.users.change(account, email, names);
  }

  @Delete()
  @RateLimit('remove-users-from-account')
  @Example({ emails: ['ada@example.com'] })
  remove(@Account() account: Place, @Body({ schema: removeBody }) { emails }: RemoveBody) {
    return this.users.remove(account, emails);
  }

  @Get('roles')
  @RateLimit('get-user-roles-details')
  async roles(@Account() account: Place, @Query({ schema: pageSchema }) page: Page) {
    const users: Readonly<Record<string, unknown>>[] = await this.users.list(account, page);
    return { users: users.map(({ email, botRoles, adminRoles }) => ({ email, botRoles, adminRoles })) };
  }

  @Put('access')
  @RateLimit('update-user-access')
  @Example({ email: FIRST_USER, access: 'enabled' })
  changeAccess(@Account() account: Place, @Body({ schema: accessBody }) { email, access }: AccessBody) {
    return this.users.change(account, email, { access });
  }

  @Put('bot-roles')
  @RateLimit('assign-bt-roles')
  @Example({ email: FIRST_USER, roles: ['bot-developer'] })
  assignBotRoles(@Account() account: Place, @Body({ schema: rolesBody }) { email, roles }: RolesBody) {
    return this.users.change(account, email, { botRoles: roles });
  }

  @Put('admin-roles')
  @RateLimit('assign-admin-roles')
  @Example({ email: FIRST_USER, roles: ['account-admin'] })
  assignAdminRoles(@Account() account: Place, @Body({ schema: rolesBody }) { email, roles }: RolesBody) {
    return this.users.change(account, email, { adminRoles: roles });
  }
}
