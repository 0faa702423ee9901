import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, textSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import { Owners } from '../store/owners.js';
import type { Place } from '../store/place.js';

const dialogSchema = z.strictObject({ name: nameSchema, steps: z.array(textSchema).max(100).default([]) });
type Dialog = z.output<typeof dialogSchema>;
const dialogs = z.array(dialogSchema).min(1).max(100);

const importBody = z.strictObject({ dialogs });
type ImportBody = z.output<typeof importBody>;
const newBotBody = z.strictObject({ name: nameSchema, dialogs });
type NewBotBody = z.output<typeof newBotBody>;

const functionsBody = z.strictObject({
  functions: z
    .array(z.strictObject({ name: nameSchema, code: z.string().max(20_000) }))
    .min(1)
    .max(100),
});
type FunctionsBody = z.output<typeof functionsBody>;

const variablesBody = z.strictObject({
  variables: z
    .array(
      z.strictObject({
        key: nameSchema,
        value: z.string().max(2000),
        variableType: z.enum(['env', 'locale']).default('env'),
      }),
    )
    .min(1)
    .max(200),
});
type VariablesBody = z.output<typeof variablesBody>;

const SAMPLES = {
  'pizza-ordering': [{ name: 'order-pizza', steps: ['Which pizza?', 'Where to?', 'It is on its way.'] }],
  'travel-planning': [{ name: 'book-flight', steps: ['Where from?', 'Where to?', 'When?'] }],
} satisfies Readonly<Record<string, Dialog[]>>;
const sampleBody = z.strictObject({ sample: z.enum(['pizza-ordering', 'travel-planning']) });
type SampleBody = z.output<typeof sampleBody>;

/** Imports into a bot. */
@Controller('api/public/bots/:botId')
export class ImportsController {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
    private readonly owners: Owners,
  ) {}

  /** The bot of the path is the source of the import. The new bot has its own ID. */
  @Post('imports/new-bot')
  @HttpCode(202)
  @RateLimit('import-bot-as-a-new-bot')
  @Example({ name: 'Orders, copied', dialogs: [{ name: 'order-status', steps: ['Which order?'] }] })
  async importAsNewBot(@Bot() bot: Place, @Body({ schema: newBotBody }) body: NewBotBody) {
    const newBot = { account: bot.account, bot: `bot-${randomUUID()}` };
    await this.owners.claim({ kind: 'bot', id: newBot.bot }, bot.account);
    await this.#putDialogs(newBot, body.dialogs);
    const result = { sourceBotId: bot.bot, newBotId: newBot.bot, name: body.name, dialogs: body.dialogs.length };
    return { ...(await this.jobs.start(bot, 'import-bot-as-a-new-bot', result)), newBotId: newBot.bot };
  }

  @Post('imports')
  @HttpCode(202)
  @RateLimit('import-bot-into-an-existing-bot')
  @Example({ dialogs: [{ name: 'order-status', steps: ['Which order?'] }] })
  async import(@Bot() bot: Place, @Body({ schema: importBody }) body: ImportBody): Promise<StartedJob> {
    const imported = await this.#putDialogs(bot, body.dialogs);
    return this.jobs.start(bot, 'import-bot-into-an-existing-bot', { botId: bot.bot, dialogs: imported });
  }

  @Post('functions')
  @RateLimit('import-bot-functions')
  @Example({ functions: [{ name: 'formatPrice', code: 'return (cents / 100).toFixed(2);' }] })
  async importFunctions(@Bot() bot: Place, @Body({ schema: functionsBody }) { functions }: FunctionsBody) {
    const imported = functions.map(({ name, code }) => ({ id: name, body: { code } }));
    return { imported: await this.documents.put(bot, 'function', imported) };
  }

  @Post('variables')
  @RateLimit('bot-variables-import')
  @Example({ variables: [{ key: 'shopUrl', value: 'https://shop.example.com' }] })
  async importVariables(@Bot() bot: Place, @Body({ schema: variablesBody }) { variables }: VariablesBody) {
    const imported = variables.map(({ key, ...body }) => ({ id: key, body }));
    return { imported: await this.documents.put(bot, 'variable', imported) };
  }

  @Post('samples')
  @RateLimit('install-sample-bot')
  @Example({ sample: 'pizza-ordering' })
  async installSample(@Bot() bot: Place, @Body({ schema: sampleBody }) { sample }: SampleBody) {
    return { botId: bot.bot, sample, dialogs: await this.#putDialogs(bot, SAMPLES[sample]) };
  }

  #putDialogs(place: Place, imported: readonly Dialog[]): Promise<number> {
    return this.documents.put(
      place,
      'dialog',
      imported.map(({ name, steps }) => ({ id: name, body: { steps } })),
    );
  }
}
