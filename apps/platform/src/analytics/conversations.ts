/**
 * The conversations of a bot. They are derived from its ID, a few for each of the last seven days. The same bot always has the
 * same conversations, and those of past days do not change.
 */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK } from '../store/injection-tokens.js';
import type { Place } from '../store/place.js';

const DAYS = 7;
const DAY_MS = 86_400_000;
const MOST_A_DAY = 6;

interface Message {
  readonly from: 'user' | 'bot';
  readonly text: string;
  readonly at: string;
}

export interface Conversation {
  readonly sessionId: string;
  readonly userId: string;
  readonly channel: string;
  readonly language: string;
  readonly intent: string;
  readonly confidence: number;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Solved without an agent. */
  readonly contained: boolean;
  /** 1 to 5 stars; `null`: not rated. */
  readonly stars: number | null;
  readonly messages: readonly Message[];
}

const STORIES = [
  { intent: 'greeting', said: 'hello', answer: 'Hello, what can I do for you?' },
  { intent: 'order-status', said: 'where is my order', answer: 'It was sent this morning.' },
  { intent: 'opening-hours', said: 'when are you open', answer: 'From eight to six, Monday to Saturday.' },
  { intent: 'handover', said: 'talk to an agent', answer: 'I am passing you on.' },
] as const;
const CHANNELS = ['webhook', 'rtm', 'whatsapp'] as const;
const LANGUAGES = ['en', 'en', 'en', 'fr'] as const;

@Injectable()
export class Conversations {
  constructor(@Inject(CLOCK) private readonly clock: () => number) {}

  /** Newest first. */
  of({ bot }: Place): Conversation[] {
    const today = Math.floor(this.clock() / DAY_MS);
    const days = Array.from({ length: DAYS }, (_, i) => today - i);
    return days
      .flatMap((day) =>
        Array.from({ length: 1 + ((seed(bot, day)[0] ?? 0) % MOST_A_DAY) }, (_, i) =>
          conversation(seed(bot, day, i), day),
        ),
      )
      .filter(({ startedAt }) => Date.parse(startedAt) <= this.clock())
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }
}

/** 32 bytes that look random, but are always the same. */
function seed(...parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(parts.join('\n')).digest();
}

function conversation(bytes: Buffer, day: number): Conversation {
  const story = pick(STORIES, bytes, 8);
  const startedAtMs = day * DAY_MS + (bytes.readUInt32BE(12) % (DAY_MS / 1000)) * 1000;
  const at = (afterSeconds: number): string => new Date(startedAtMs + afterSeconds * 1000).toISOString();
  return {
    sessionId: bytes.toString('hex', 0, 8),
    userId: `user-${1 + (bytes.readUInt8(9) % 40)}`,
    channel: pick(CHANNELS, bytes, 10),
    language: pick(LANGUAGES, bytes, 11),
    intent: story.intent,
    confidence: (70 + (bytes.readUInt8(16) % 30)) / 100,
    startedAt: at(0),
    endedAt: at(30 + bytes.readUInt8(17)),
    contained: story.intent !== 'handover',
    stars: bytes.readUInt8(18) % 3 === 0 ? 1 + (bytes.readUInt8(19) % 5) : null,
    messages: [
      { from: 'user', text: story.said, at: at(0) },
      { from: 'bot', text: story.answer, at: at(2) },
    ],
  };
}

function pick<T>(choices: readonly T[], bytes: Buffer, offset: number): T {
  return choices[bytes.readUInt8(offset) % choices.length] as T;
}
