import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, NotFoundException, Post, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, type Page, pageSchema, textSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';

const extractionBody = z.strictObject({
  name: nameSchema,
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('url'), url: z.url({ protocol: /^https?$/ }).max(2000) }),
    z.strictObject({ type: z.literal('file'), fileId: z.uuid() }),
  ]),
});
type ExtractionBody = z.output<typeof extractionBody>;

const questionsQuery = pageSchema.extend({ extractionId: z.uuid().optional() });
type QuestionsQuery = z.output<typeof questionsQuery>;

const faqsBody = z.strictObject({
  questions: z
    .array(z.strictObject({ question: nameSchema, answer: textSchema }))
    .min(1)
    .max(200),
});
type FaqsBody = z.output<typeof faqsBody>;

/** Extracts questions from a page or a file, and creates FAQs from questions. */
@Controller('api/public/bots/:botId')
export class ExtractionsController {
  constructor(private readonly documents: Documents) {}

  @Post('extractions')
  @RateLimit('extraction-from-file-or-url')
  @Example({ name: 'Shop help', source: { type: 'url', url: 'https://shop.example.com/help' } })
  async extract(@Bot() bot: Place, @Body({ schema: extractionBody }) { name, source }: ExtractionBody) {
    if (source.type === 'file') await this.#assertFile(bot, source.fileId);
    const extractionId = randomUUID();
    const topic = name.toLowerCase();
    const questions = [`What is ${topic}?`, `Who answers for ${topic}?`, `Where do I find ${topic}?`];
    const extraction = { name, source, status: 'completed', extractedAt: new Date().toISOString(), questions };
    await this.documents.put(bot, 'extraction', [{ id: extractionId, body: extraction }]);
    return { extractionId, ...extraction, questions: questions.length };
  }

  @Get('extractions')
  @RateLimit('get-extractions-history')
  async history(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const extractions = await this.documents.list(bot, 'extraction', page);
    return {
      extractions: extractions.map(({ id, body: { questions: _, ...body } }) => ({ extractionId: id, ...body })),
    };
  }

  @Get('extractions/questions')
  @RateLimit('get-extraction-question')
  async questions(@Bot() bot: Place, @Query({ schema: questionsQuery }) { extractionId, ...page }: QuestionsQuery) {
    const one = extractionId && (await this.documents.get(bot, 'extraction', extractionId));
    if (extractionId && !one) throw new NotFoundException(`The bot has no extraction ${extractionId}.`);
    const extractions = one ? [one] : await this.documents.list(bot, 'extraction', page);
    return {
      questions: extractions.flatMap(({ id, body }) =>
        questionsOf(body).map((question) => ({ extractionId: id, question })),
      ),
    };
  }

  @Get('knowledge-tasks')
  @RateLimit('get-knowledgetasks')
  async knowledgeTasks(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const { faq = 0 } = await this.documents.counts(bot);
    const tasks = await this.documents.list(bot, 'knowledge-task', page);
    return { knowledgeTasks: tasks.map(({ id, body }) => ({ knowledgeTaskId: id, ...body, faqs: faq })) };
  }

  @Post('faqs')
  @RateLimit('add-questions-from-extraction')
  @Example({ questions: [{ question: 'When do you deliver?', answer: 'From Monday to Saturday.' }] })
  async addQuestions(@Bot() bot: Place, @Body({ schema: faqsBody }) { questions }: FaqsBody) {
    const faqs = questions.map((body) => ({ id: body.question.toLowerCase(), body }));
    return { added: await this.documents.put(bot, 'faq', faqs) };
  }

  @Get('faqs')
  @RateLimit('get-faqs')
  async faqs(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const faqs = await this.documents.list(bot, 'faq', page);
    return { faqs: faqs.map(({ body }) => body) };
  }

  async #assertFile(bot: Place, fileId: string): Promise<void> {
    if (!(await this.documents.get(bot, 'file', fileId))) throw new NotFoundException(`The bot has no file ${fileId}.`);
  }
}

function questionsOf(body: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(body['questions']) ? body['questions'].map(String) : [];
}
