import { Body, Controller, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../authentication/caller.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { previewAnswer, previewQuestion } from './preview.schemas.js';
import { PreviewService } from './preview.service.js';

@Controller('admin/api/overrides/preview')
export class PreviewController {
  constructor(@Inject(PreviewService) private readonly previews: PreviewService) {}

  @Post()
  @Route({
    id: 'previewOverride',
    summary:
      'What an override would change, from what to what for every API, and what the caller may grant; changes nothing',
    access: { permission: 'overrides.read' },
    reads: 'account',
    body: previewQuestion,
    response: previewAnswer,
    example: {
      default: { perMinute: 60, perHour: 1800 },
      inForce: { perMinute: 60, perHour: 1800, source: 'default', mode: 'enforced' },
      sets: { perMinute: 120, perHour: null, factor: null, extraMinute: null, extraHour: null },
      effects: [
        {
          api: 'publish-bot',
          title: 'Publish bot',
          default: { perMinute: 60, perHour: 1800 },
          before: { perMinute: 60, perHour: 1800, source: 'default' },
          after: { perMinute: 120, perHour: 1800 },
          governs: true,
        },
      ],
      lowered: [],
      warnings: [],
      ceiling: { mayWrite: true, perMinute: 600, perHour: 18000, times: 10, days: 30, above: ['admin'] },
      lastHour: { denied: 312, avoided: 312, complete: true },
    },
    errors: [404, 422],
  })
  async preview(
    @Body(validated(previewQuestion)) question: z.output<typeof previewQuestion>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof previewAnswer>> {
    return await this.previews.preview(question, caller);
  }
}
