import { Body, Controller, HttpCode, Post, Put } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, WHOLE } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';

const importBody = z.strictObject({
  utterances: z
    .array(z.strictObject({ text: nameSchema, intent: nameSchema }))
    .min(1)
    .max(200),
});
type ImportBody = z.output<typeof importBody>;

const trainBody = z.strictObject({ language: z.string().min(2).max(5).default('en') });
type TrainBody = z.output<typeof trainBody>;

const configurationBody = z
  .strictObject({
    mlThreshold: z.number().min(0).max(1),
    faqThreshold: z.number().min(0).max(1),
    negativePatterns: z.boolean(),
    multipleIntents: z.boolean(),
  })
  .partial();
type ConfigurationBody = z.output<typeof configurationBody>;

/** Imports utterances and FAQs, and trains a bot. */
@Controller('api/public/bots/:botId')
export class TrainingController {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
  ) {}

  @Post('utterances/imports')
  @HttpCode(202)
  @RateLimit('ml-utterances-import')
  @Example({ utterances: [{ text: 'where is my order', intent: 'order-status' }] })
  async importUtterances(
    @Bot() bot: Place,
    @Body({ schema: importBody }) { utterances }: ImportBody,
  ): Promise<StartedJob> {
    const documents = utterances.map((body) => ({ id: body.text.toLowerCase(), body }));
    const imported = await this.documents.put(bot, 'utterance', documents);
    return this.jobs.start(bot, 'ml-utterances-import', { imported });
  }

  @Post('utterances/trainings')
  @HttpCode(202)
  @RateLimit('ml-utterance-train')
  @Example({ language: 'en' })
  async trainUtterances(@Bot() bot: Place, @Body({ schema: trainBody }) { language }: TrainBody): Promise<StartedJob> {
    const utterances = await this.documents.list(bot, 'utterance', WHOLE);
    const intents = new Set(utterances.map(({ body }) => body['intent']));
    return this.jobs.start(bot, 'ml-utterance-train', {
      language,
      utterances: utterances.length,
      intents: intents.size,
    });
  }

  @Post('utterances/exports')
  @HttpCode(202)
  @RateLimit('ml-utterances-export')
  @Example({})
  async exportUtterances(@Bot() bot: Place): Promise<StartedJob> {
    const utterances = await this.documents.list(bot, 'utterance', WHOLE);
    return this.jobs.start(bot, 'ml-utterances-export', { utterances: utterances.map(({ body }) => body) });
  }

  @Post('faqs/trainings')
  @HttpCode(202)
  @RateLimit('faq-training')
  @Example({ language: 'en' })
  async trainFaqs(@Bot() bot: Place, @Body({ schema: trainBody }) { language }: TrainBody): Promise<StartedJob> {
    const { faq = 0 } = await this.documents.counts(bot);
    return this.jobs.start(bot, 'faq-training', { language, faqs: faq });
  }

  @Put('nlp-configurations')
  @RateLimit('update-nlp-configurations')
  @Example({ mlThreshold: 0.7, multipleIntents: true })
  async configure(@Bot() bot: Place, @Body({ schema: configurationBody }) body: ConfigurationBody) {
    const defaults = { mlThreshold: 0.5, faqThreshold: 0.6, negativePatterns: false, multipleIntents: false };
    const before = await this.documents.get(bot, 'nlp-configuration', 'current');
    const configuration = { ...defaults, ...before?.body, ...body };
    await this.documents.put(bot, 'nlp-configuration', [{ id: 'current', body: configuration }]);
    return configuration;
  }
}
