import { Controller, Get } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { KnownJob } from '../access/platform-request.js';
import { StatusOf } from '../catalogue/route-marks.js';
import { type JobRef, Jobs } from '../store/jobs.js';

@Controller('api/public')
export class NlpTrainingStatusController {
  constructor(private readonly jobs: Jobs) {}

  @Get('utterance-imports/:requestId')
  @RateLimit('ml-utterances-import-status')
  @StatusOf('ml-utterances-import')
  utteranceImport(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('utterance-trainings/:requestId')
  @RateLimit('ml-utterance-train-status')
  @StatusOf('ml-utterance-train')
  utteranceTraining(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('utterance-exports/:requestId')
  @RateLimit('ml-utterances-export-status')
  @StatusOf('ml-utterances-export')
  utteranceExport(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }

  @Get('faq-trainings/:requestId')
  @RateLimit('faq-training-status')
  @StatusOf('faq-training')
  faqTraining(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }
}
