import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot, KnownJob } from '../access/platform-request.js';
import { Example, StatusOf } from '../catalogue/route-marks.js';
import { nameSchema, textSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import { type JobRef, Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';

const notificationBody = z.strictObject({
  channel: z.enum(['webhook', 'sms', 'whatsapp', 'email']).default('webhook'),
  userId: nameSchema,
  message: textSchema,
});
type NotificationBody = z.output<typeof notificationBody>;

/** Messages that a bot sends without a user's message. */
@Controller('api/public/bots/:botId/notifications')
export class NotificationsController {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
  ) {}

  @Post()
  @HttpCode(202)
  @RateLimit('proactive-notification')
  @Example({ channel: 'sms', userId: 'user-17', message: 'Your order has been sent.' })
  async notify(@Bot() bot: Place, @Body({ schema: notificationBody }) body: NotificationBody): Promise<StartedJob> {
    const job = await this.jobs.start(bot, 'proactive-notification', { channel: body.channel, delivered: 1 });
    await this.documents.put(bot, 'notification', [{ id: job.requestId, body }]);
    return job;
  }

  @Get(':requestId')
  @RateLimit('proactive-notification-status')
  @StatusOf('proactive-notification')
  status(@KnownJob() job: JobRef) {
    return this.jobs.status(job);
  }
}
