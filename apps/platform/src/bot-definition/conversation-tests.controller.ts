import { Body, Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, textSchema } from '../http/schemas.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';
import { FIRST_SUITE } from '../store/starter-documents.js';
import { TestSuites } from './test-suites.js';

const suiteBody = z.strictObject({ suiteName: nameSchema });
type SuiteBody = z.output<typeof suiteBody>;
const createBody = z.strictObject({
  suiteName: nameSchema,
  turns: z
    .array(z.strictObject({ user: textSchema, bot: nameSchema }))
    .min(1)
    .max(200),
});
type CreateBody = z.output<typeof createBody>;

const SUITE = 'conversation-test-suite';

@Controller('api/public/bots/:botId')
export class ConversationTestsController {
  constructor(
    private readonly suites: TestSuites,
    private readonly jobs: Jobs,
  ) {}

  @Post('conversation-test-suites')
  @HttpCode(202)
  @RateLimit('create-a-conversation-test-suite')
  @Example({ suiteName: 'first-contact', turns: [{ user: 'hello', bot: 'greeting' }] })
  async create(@Bot() bot: Place, @Body({ schema: createBody }) { suiteName, turns }: CreateBody): Promise<StartedJob> {
    await this.suites.save(bot, { kind: SUITE, suiteName, body: { turns } });
    return this.jobs.start(bot, 'create-a-conversation-test-suite', { suiteName, turns: turns.length });
  }

  @Post('conversation-test-executions')
  @HttpCode(202)
  @RateLimit('conversation-test-suite-execution')
  @Example({ suiteName: FIRST_SUITE })
  execute(@Bot() bot: Place, @Body({ schema: suiteBody }) { suiteName }: SuiteBody): Promise<StartedJob> {
    return this.suites.execute(bot, { api: 'conversation-test-suite-execution', kind: SUITE, suiteName });
  }

  @Delete('conversation-test-suites')
  @RateLimit('delete-conversation-test-suite')
  @Example({ suiteName: 'first-contact' })
  remove(@Bot() bot: Place, @Body({ schema: suiteBody }) { suiteName }: SuiteBody) {
    return this.suites.remove(bot, SUITE, suiteName);
  }
}
