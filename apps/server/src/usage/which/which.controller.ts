import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { WHICH_EXAMPLE, type WhichAnswer, whichAnswer, whichLimit } from './which.schemas.js';
import { WhichService } from './which.service.js';

@Controller('admin/api/limits/which')
export class WhichController {
  constructor(@Inject(WhichService) private readonly limits: WhichService) {}

  @Get()
  @Route({
    id: 'whichLimit',
    summary: 'Which limit a call meets, and why every other rule does not apply; counts nothing',
    access: { permission: 'accounts.read' },
    reads: 'list',
    query: whichLimit,
    response: whichAnswer,
    example: WHICH_EXAMPLE,
    errors: [404, 422],
  })
  async which(
    @Query(validated(whichLimit)) question: z.output<typeof whichLimit>,
    @FromCaller() caller: Caller,
  ): Promise<WhichAnswer> {
    return await this.limits.which(question, caller);
  }
}
