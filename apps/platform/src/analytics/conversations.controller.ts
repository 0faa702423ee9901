import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { Example } from '../catalogue/route-marks.js';
import { type Page, pageSchema, textSchema } from '../http/schemas.js';
import { Intents } from '../nlp-training/intents.js';
import type { Place } from '../store/place.js';
import { type Conversation, Conversations } from './conversations.js';

const findIntentBody = z.strictObject({ input: textSchema });
type FindIntentBody = z.output<typeof findIntentBody>;

/** The conversations of a bot and the intents it recognized. */
@Controller('api/public/bots/:botId')
export class ConversationsController {
  constructor(
    private readonly conversations: Conversations,
    private readonly intents: Intents,
  ) {}

  @Post('find-intent')
  @HttpCode(200)
  @RateLimit('find-intent')
  @Example({ input: 'hello there' })
  async findIntent(@Bot() bot: Place, @Body({ schema: findIntentBody }) { input }: FindIntentBody) {
    const [understood] = await this.intents.findEach(bot, [input]);
    return { input, ...understood };
  }

  @Get('conversations')
  @RateLimit('conversation-history')
  history(
    @Bot() bot: Place,
    @Query({ schema: pageSchema }) page: Page,
  ): { conversations: Pick<Conversation, 'sessionId' | 'userId' | 'messages'>[] } {
    const conversations = pageOf(this.conversations.of(bot), page);
    return { conversations: conversations.map(({ sessionId, userId, messages }) => ({ sessionId, userId, messages })) };
  }

  @Get('conversations/summary')
  @RateLimit('conversation-summary')
  summary(@Bot() bot: Place) {
    const all = this.conversations.of(bot);
    const contained = all.filter((conversation) => conversation.contained).length;
    return {
      conversations: all.length,
      contained,
      handedOver: all.length - contained,
      intents: countBy(all, 'intent'),
    };
  }

  @Get('conversations/details')
  @RateLimit('conversation-details-and-summary')
  details(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const all = this.conversations.of(bot);
    const summary = {
      conversations: all.length,
      channels: countBy(all, 'channel'),
      languages: countBy(all, 'language'),
    };
    return { summary, conversations: pageOf(all, page) };
  }

  @Get('sessions')
  @RateLimit('sessions-history')
  sessions(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const all = this.conversations.of(bot);
    return {
      total: all.length,
      sessions: pageOf(all, page).map(({ messages, ...session }) => ({ ...session, messages: messages.length })),
    };
  }

  @Get('debug-logs')
  @RateLimit('debug-logs')
  debugLogs(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    const lines = this.conversations.of(bot).map(({ sessionId, startedAt, intent, confidence }) => ({
      at: startedAt,
      sessionId,
      level: confidence < 0.8 ? 'warn' : 'info',
      message: `intent ${intent} found with confidence ${confidence}`,
    }));
    return { logs: pageOf(lines, page) };
  }
}

function pageOf<T>(all: readonly T[], { limit, offset }: Page): T[] {
  return all.slice(offset, offset + limit);
}

function countBy<Key extends string>(all: readonly Readonly<Record<Key, string>>[], key: Key): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { [key]: value } of all) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
