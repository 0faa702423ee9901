import { Body, Controller, NotFoundException, Post, Put } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { type Body as DocumentBody, Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';
import { FIRST_LANGUAGE } from '../store/starter-documents.js';

const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, 'is a code like "en" or "pt-BR"');
const confidenceThreshold = z.number().min(0).max(1);

const languageBody = z.strictObject({ language });
type LanguageBody = z.output<typeof languageBody>;
const addBody = z.strictObject({ language, confidenceThreshold: confidenceThreshold.default(0.5) });
type AddBody = z.output<typeof addBody>;
const configurationBody = z.strictObject({ language, confidenceThreshold });
type ConfigurationBody = z.output<typeof configurationBody>;

/** The languages of a bot. Every bot begins with English. */
@Controller('api/public/bots/:botId/languages')
export class LanguagesController {
  constructor(private readonly documents: Documents) {}

  @Post()
  @RateLimit('add-and-enable-a-new-language')
  @Example({ language: 'fr', confidenceThreshold: 0.6 })
  async add(@Bot() bot: Place, @Body({ schema: addBody }) { language: id, confidenceThreshold }: AddBody) {
    const body = { enabled: true, confidenceThreshold };
    await this.documents.put(bot, 'language', [{ id, body }]);
    return { language: id, ...body };
  }

  @Put('enable')
  @RateLimit('enable-an-existing-language')
  @Example({ language: FIRST_LANGUAGE })
  enable(@Bot() bot: Place, @Body({ schema: languageBody }) body: LanguageBody) {
    return this.#change(bot, body.language, { enabled: true });
  }

  @Put('disable')
  @RateLimit('disable-an-existing-language')
  @Example({ language: FIRST_LANGUAGE })
  disable(@Bot() bot: Place, @Body({ schema: languageBody }) body: LanguageBody) {
    return this.#change(bot, body.language, { enabled: false });
  }

  @Put('configuration')
  @RateLimit('update-a-language-configuration')
  @Example({ language: FIRST_LANGUAGE, confidenceThreshold: 0.7 })
  configure(@Bot() bot: Place, @Body({ schema: configurationBody }) { language: id, ...body }: ConfigurationBody) {
    return this.#change(bot, id, body);
  }

  async #change(bot: Place, id: string, body: DocumentBody) {
    const changed = await this.documents.patch(bot, 'language', { id, body });
    if (!changed) throw new NotFoundException(`The bot has no language "${id}": add it first.`);
    return { language: changed.id, ...changed.body };
  }
}
