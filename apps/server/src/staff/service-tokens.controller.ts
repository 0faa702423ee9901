import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { authorOf, type Caller, FromCaller } from '../authentication/caller.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { assertMayGive } from './ranks.js';
import { ServiceTokens } from './service-tokens.js';
import { createTokenBody, newTokenSchema, staffParams, tokenSchema, viewOfToken } from './staff.schemas.js';

const listSchema = z.object({ items: z.array(tokenSchema) });

const EXAMPLE: z.output<typeof tokenSchema> = {
  id: 'tok_2',
  name: 'ci',
  permissions: ['catalogue.read', 'catalogue.write'],
  role: 'admin',
  createdBy: 'staff:ann@example.com',
  createdAt: '2026-03-01T08:00:00.000Z',
  expiresAt: '2026-09-01T00:00:00.000Z',
  lastUsedAt: null,
  revokedAt: null,
};

@Controller('admin/api/tokens')
export class ServiceTokensController {
  constructor(private readonly tokens: ServiceTokens) {}

  @Get()
  @Route({
    id: 'listTokens',
    summary: 'Service tokens, newest first, also those that work no more',
    access: { permission: 'staff.read' },
    response: listSchema,
    example: { items: [EXAMPLE] },
  })
  async list(): Promise<z.output<typeof listSchema>> {
    return { items: (await this.tokens.list()).map(viewOfToken) };
  }

  @Post()
  @Route({
    id: 'createToken',
    summary: 'Make a service token; the secret is shown this once',
    access: { permission: 'staff.write' },
    body: createTokenBody,
    response: newTokenSchema,
    example: { token: EXAMPLE, secret: 'rgt_hE0mVv3yJb8m1y5m3u5cS0pJr3n5ZkWq0bq2sY7tQxA' },
    status: 201,
    errors: [409, 422],
  })
  async create(
    @Body(validated(createTokenBody)) body: z.output<typeof createTokenBody>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof newTokenSchema>> {
    assertMayGive(caller, body);
    const expiresAt = body.expiresAt == null ? null : new Date(body.expiresAt);
    const { token, secret } = await this.tokens.create({ ...body, expiresAt }, authorOf(caller));
    return { token: viewOfToken(token), secret };
  }

  @Delete(':id')
  @Route({
    id: 'revokeToken',
    summary: 'Revoke a service token: it works no more from now on',
    access: { permission: 'staff.write' },
    params: staffParams,
    status: 204,
    errors: [404],
  })
  async revoke(
    @Param(validated(staffParams)) { id }: z.output<typeof staffParams>,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    await this.tokens.revoke(id, authorOf(caller));
  }
}
