import { Controller, Get } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { KnownJob } from '../access/platform-request.js';
import { StatusOf } from '../catalogue/route-marks.js';
import { type JobRef, Jobs } from '../store/jobs.js';

@Controller('api/public')
export class BotDefinitionStatusController {
  constructor(private readonly jobs: Jobs) {}

  @Get('bot-imports/:requestId')
  @RateLimit('bot-import-status')
  @StatusOf('import-bot-into-an-existing-bot', 'import-bot-as-a-new-bot')
  import(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('bot-exports/:requestId')
  @RateLimit('bot-export-status')
  @StatusOf('bot-export')
  export(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('bot-publications/:requestId')
  @RateLimit('bot-publish-status')
  @StatusOf('publish-bot')
  publication(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('batch-test-executions/:requestId')
  @RateLimit('batch-test-execution-status')
  @StatusOf('batch-test-execution')
  batchTestExecution(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('conversation-test-suites/:requestId')
  @RateLimit('conversation-test-suite-creation-status')
  @StatusOf('create-a-conversation-test-suite')
  conversationTestSuite(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('conversation-test-executions/:requestId')
  @RateLimit('conversation-test-suite-execution-status')
  @StatusOf('conversation-test-suite-execution')
  conversationTestExecution(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }
}
