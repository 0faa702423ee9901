import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, type Page, pageSchema, textSchema } from '../http/schemas.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';
import { FIRST_SUITE } from '../store/starter-documents.js';
import { type TestCase, TestSuites } from './test-suites.js';

const suiteBody = z.strictObject({ suiteName: nameSchema });
type SuiteBody = z.output<typeof suiteBody>;
const suiteQuery = z.strictObject({ suiteName: nameSchema.default(FIRST_SUITE) });
type SuiteQuery = z.output<typeof suiteQuery>;
const importBody = z.strictObject({
  suiteName: nameSchema,
  testCases: z
    .array(z.strictObject({ input: textSchema, expectedIntent: nameSchema }))
    .min(1)
    .max(500),
});
type ImportBody = z.output<typeof importBody>;
const executionBody = z.strictObject({ requestId: z.uuid().transform((id) => id.toLowerCase()) });
type ExecutionBody = z.output<typeof executionBody>;

const EXECUTION = 'batch-test-execution';

@Controller('api/public/bots/:botId')
export class BatchTestsController {
  constructor(
    private readonly suites: TestSuites,
    private readonly jobs: Jobs,
  ) {}

  @Get('batch-test-suites')
  @RateLimit('get-batch-test-suites')
  list(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    return this.suites.list(bot, page);
  }

  @Get('batch-test-suites/export')
  @RateLimit('export-batch-test-suite')
  export(
    @Bot() bot: Place,
    @Query({ schema: suiteQuery }) { suiteName }: SuiteQuery,
  ): Promise<{ suiteName: string; testCases: TestCase[] }> {
    return this.suites.export(bot, suiteName);
  }

  @Post('batch-test-suites')
  @RateLimit('import-batch-test-suite')
  @Example({ suiteName: 'regression', testCases: [{ input: 'hello there', expectedIntent: 'greeting' }] })
  async import(@Bot() bot: Place, @Body({ schema: importBody }) { suiteName, testCases }: ImportBody) {
    await this.suites.save(bot, { kind: 'batch-test-suite', suiteName, body: { testCases } });
    return { suiteName, testCases: testCases.length };
  }

  @Delete('batch-test-suites')
  @RateLimit('delete-batch-test-suite')
  @Example({ suiteName: 'regression' })
  remove(@Bot() bot: Place, @Body({ schema: suiteBody }) { suiteName }: SuiteBody) {
    return this.suites.remove(bot, 'batch-test-suite', suiteName);
  }

  @Post('batch-test-executions')
  @HttpCode(202)
  @RateLimit('batch-test-execution')
  @Example({ suiteName: FIRST_SUITE })
  execute(@Bot() bot: Place, @Body({ schema: suiteBody }) { suiteName }: SuiteBody): Promise<StartedJob> {
    return this.suites.execute(bot, { api: EXECUTION, kind: 'batch-test-suite', suiteName });
  }

  @Delete('batch-test-executions')
  @RateLimit('delete-batch-test-suite-execution')
  @Example({ requestId: '6f1c2b58-3d0e-4c57-9a53-0d6f6f3b8a11' })
  async removeExecution(@Bot() bot: Place, @Body({ schema: executionBody }) { requestId }: ExecutionBody) {
    return { requestId, deleted: await this.jobs.remove(bot, EXECUTION, requestId) };
  }
}
