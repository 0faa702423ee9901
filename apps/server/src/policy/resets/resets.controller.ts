import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { RESET_EXAMPLE, type ResetDone, resetDone, resetParams, resetWindows } from './resets.schemas.js';
import { ResetsService } from './resets.service.js';

@Controller('admin/api/accounts/:account/reset')
export class ResetsController {
  constructor(@Inject(ResetsService) private readonly resets: ResetsService) {}

  @Post()
  @Route({
    id: 'resetWindows',
    summary: 'Empty both windows of one subject, or of every subject of an API; the history records what was forgiven',
    access: { permission: 'windows.reset' },
    params: resetParams,
    body: resetWindows,
    response: resetDone,
    example: RESET_EXAMPLE,
    errors: [404, 422],
  })
  async reset(
    @Param(validated(resetParams)) { account }: z.output<typeof resetParams>,
    @Body(validated(resetWindows)) input: z.output<typeof resetWindows>,
    @FromCaller() caller: Caller,
  ): Promise<ResetDone> {
    return await this.resets.reset(account, input, caller);
  }
}
