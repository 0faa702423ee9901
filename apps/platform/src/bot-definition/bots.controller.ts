import { createHash, randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { nameSchema, textSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';

const fileBody = z.strictObject({
  fileName: nameSchema,
  fileContext: z.enum(['bulkImport', 'extraction', 'definition']).default('bulkImport'),
  content: z.string().max(60_000),
});
type FileBody = z.output<typeof fileBody>;

const channelBody = z.strictObject({
  channel: z.enum(['webhook', 'rtm', 'email', 'sms', 'slack', 'msteams', 'whatsapp']),
  enabled: z.boolean().default(true),
  settings: z.record(nameSchema, z.string().max(2000)).default({}),
});
type ChannelBody = z.output<typeof channelBody>;

const publishBody = z.strictObject({
  versionComment: textSchema.default('No comment'),
  components: z.array(z.enum(['dialogs', 'languages', 'variables', 'faqs', 'channels'])).optional(),
});
type PublishBody = z.output<typeof publishBody>;

const exportBody = z.strictObject({ exportType: z.enum(['published', 'latest']).default('latest') });
type ExportBody = z.output<typeof exportBody>;

/** Files and channels of a bot, publishing and exporting. */
@Controller('api/public/bots/:botId')
export class BotsController {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
  ) {}

  @Post('files')
  @RateLimit('upload-file')
  @Example({ fileName: 'orders.csv', fileContext: 'bulkImport', content: 'order,state\nA-1001,open\n' })
  async uploadFile(@Bot() bot: Place, @Body({ schema: fileBody }) { content, ...body }: FileBody) {
    const fileId = randomUUID();
    const file = {
      ...body,
      bytes: Buffer.byteLength(content),
      sha256: createHash('sha256').update(content).digest('hex'),
    };
    await this.documents.put(bot, 'file', [{ id: fileId, body: { ...file, content } }]);
    return { fileId, ...file };
  }

  @Post('channels')
  @HttpCode(200)
  @RateLimit('enable-channel')
  @Example({ channel: 'webhook', enabled: true })
  async enableChannel(@Bot() bot: Place, @Body({ schema: channelBody }) { channel, ...body }: ChannelBody) {
    await this.documents.put(bot, 'channel', [{ id: channel, body }]);
    return { channel, ...body };
  }

  @Post('publish')
  @HttpCode(202)
  @RateLimit('publish-bot')
  @Example({ versionComment: 'New greeting' })
  publish(@Bot() bot: Place, @Body({ schema: publishBody }) body: PublishBody): Promise<StartedJob> {
    return this.jobs.start(bot, 'publish-bot', { botId: bot.bot, ...body });
  }

  @Post('exports')
  @HttpCode(202)
  @RateLimit('bot-export')
  @Example({ exportType: 'latest' })
  async export(@Bot() bot: Place, @Body({ schema: exportBody }) { exportType }: ExportBody): Promise<StartedJob> {
    const contents = await this.documents.counts(bot);
    return this.jobs.start(bot, 'bot-export', { botId: bot.bot, exportType, contents });
  }
}
