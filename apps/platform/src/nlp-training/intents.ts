/** Recognizes the intent of a text: that of the stored utterance that shares most words with it. */
import { Injectable } from '@nestjs/common';
import { WHOLE } from '../http/schemas.js';
import { Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';

export interface Understood {
  /** `null`: no intent was recognized. */
  readonly intent: string | null;
  /** The share of common words, 0 to 1. */
  readonly confidence: number;
  readonly utterance: string | null;
}

@Injectable()
export class Intents {
  constructor(private readonly documents: Documents) {}

  async findEach(bot: Place, inputs: readonly string[]): Promise<Understood[]> {
    const utterances = await this.documents.list(bot, 'utterance', WHOLE);
    const known = utterances.map(({ body }) => ({
      intent: String(body['intent']),
      utterance: String(body['text']),
      words: wordsOf(String(body['text'])),
    }));
    return inputs.map((input) => {
      const said = wordsOf(input);
      return known.reduce<Understood>(
        (best, { intent, utterance, words }) => {
          const confidence = overlap(said, words);
          return confidence > best.confidence ? { intent, utterance, confidence } : best;
        },
        { intent: null, utterance: null, confidence: 0 },
      );
    });
  }
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length;
  const all = a.size + b.size - shared;
  return all === 0 ? 0 : Math.round((shared / all) * 100) / 100;
}
