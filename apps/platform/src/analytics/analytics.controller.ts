import { Controller, Get, Query } from '@nestjs/common';
import { RateLimit } from '@rollgate/nestjs';
import { z } from 'zod';
import { Bot } from '../access/platform-request.js';
import { type Page, pageSchema } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';
import { type Conversation, Conversations } from './conversations.js';

const analyticsQuery = z.strictObject({
  type: z.enum(['successintents', 'failintents', 'unhandledutterance']).default('successintents'),
});
type AnalyticsQuery = z.output<typeof analyticsQuery>;

const widgetQuery = z.strictObject({ widget: z.enum(['containment', 'volume', 'satisfaction']).default('volume') });
type WidgetQuery = z.output<typeof widgetQuery>;

/** Statistics of a bot. */
@Controller('api/public/bots/:botId')
export class AnalyticsController {
  constructor(
    private readonly conversations: Conversations,
    private readonly documents: Documents,
  ) {}

  @Get('analytics')
  @RateLimit('get-analytics')
  analytics(@Bot() bot: Place, @Query({ schema: analyticsQuery }) { type }: AnalyticsQuery) {
    const found = this.conversations.of(bot).filter(({ contained, confidence }) => {
      if (type === 'successintents') return contained;
      return type === 'failintents' ? !contained : confidence < 0.75;
    });
    return {
      type,
      total: found.length,
      result: found.map(({ sessionId, intent, confidence, startedAt }) => ({
        sessionId,
        intent,
        confidence,
        at: startedAt,
      })),
    };
  }

  @Get('analytics/feedback')
  @RateLimit('feedback-analytics')
  feedback(@Bot() bot: Place) {
    const given = starsOf(this.conversations.of(bot));
    const stars = [1, 2, 3, 4, 5].map((count) => ({
      stars: count,
      answers: given.filter((one) => one === count).length,
    }));
    return { answers: given.length, average: average(given), stars };
  }

  @Get('analytics/engagement')
  @RateLimit('user-engagement-trend')
  engagement(@Bot() bot: Place) {
    const trend = byDay(this.conversations.of(bot)).map(([day, conversations]) => ({
      day,
      sessions: conversations.length,
      users: new Set(conversations.map(({ userId }) => userId)).size,
    }));
    return { trend };
  }

  @Get('analytics/widgets')
  @RateLimit('get-dashboard-widget-data')
  widget(@Bot() bot: Place, @Query({ schema: widgetQuery }) { widget }: WidgetQuery) {
    const points = byDay(this.conversations.of(bot)).map(([day, conversations]) => {
      const contained = conversations.filter((conversation) => conversation.contained).length;
      const values = {
        volume: conversations.length,
        containment: contained / conversations.length,
        satisfaction: average(starsOf(conversations)),
      };
      return { day, value: values[widget] };
    });
    return { widget, points };
  }

  @Get('changelogs')
  @RateLimit('get-changelogs')
  async changelogs(@Bot() bot: Place, @Query({ schema: pageSchema }) page: Page) {
    return { changes: await this.documents.changes(bot, page) };
  }
}

/** Oldest day first. */
function byDay(conversations: readonly Conversation[]): [day: string, conversations: Conversation[]][] {
  const days = new Map<string, Conversation[]>();
  for (const conversation of conversations) {
    const day = conversation.startedAt.slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), conversation]);
  }
  return [...days].sort(([a], [b]) => a.localeCompare(b));
}

function starsOf(conversations: readonly Conversation[]): number[] {
  return conversations.flatMap(({ stars }) => stars ?? []);
}

/** `null` for an empty list. */
function average(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 100) / 100;
}
