/** Test suites of a bot, of both kinds, and their executions. A suite is actually run with the bot's intents. */
import { Injectable, NotFoundException } from '@nestjs/common';
import type { Page } from '../http/schemas.js';
import { Intents } from '../nlp-training/intents.js';
import { type Body, Documents } from '../store/documents.js';
import { Jobs, type StartedJob } from '../store/jobs.js';
import type { Place } from '../store/place.js';

export type SuiteKind = 'batch-test-suite' | 'conversation-test-suite';

export interface TestCase {
  readonly input: string;
  readonly expectedIntent: string;
}

interface Turn {
  readonly user: string;
  /** The expected intent. */
  readonly bot: string;
}

@Injectable()
export class TestSuites {
  constructor(
    private readonly documents: Documents,
    private readonly jobs: Jobs,
    private readonly intents: Intents,
  ) {}

  async list(bot: Place, page: Page) {
    const suites = await this.documents.list(bot, 'batch-test-suite', page);
    return { testSuites: suites.map(({ id, body }) => ({ suiteName: id, testCases: casesOf(body).length })) };
  }

  save(bot: Place, { kind, suiteName, body }: { kind: SuiteKind; suiteName: string; body: Body }): Promise<number> {
    return this.documents.put(bot, kind, [{ id: suiteName, body }]);
  }

  async remove(bot: Place, kind: SuiteKind, suiteName: string) {
    return { suiteName, deleted: await this.documents.remove(bot, kind, [suiteName]) };
  }

  async export(bot: Place, suiteName: string) {
    return { suiteName, testCases: casesOf(await this.#bodyOf(bot, 'batch-test-suite', suiteName)) };
  }

  /** Runs the suite immediately. The status API returns the outcome when the duration of the job has passed. */
  async execute(
    bot: Place,
    { api, kind, suiteName }: { api: string; kind: SuiteKind; suiteName: string },
  ): Promise<StartedJob> {
    const cases = casesOf(await this.#bodyOf(bot, kind, suiteName));
    const understood = await this.intents.findEach(
      bot,
      cases.map(({ input }) => input),
    );
    const failed = cases.filter(({ expectedIntent }, i) => understood[i]?.intent !== expectedIntent);
    return this.jobs.start(bot, api, {
      suiteName,
      total: cases.length,
      passed: cases.length - failed.length,
      failed: failed.length,
      failedInputs: failed.slice(0, 20).map(({ input }) => input),
    });
  }

  async #bodyOf(bot: Place, kind: SuiteKind, suiteName: string): Promise<Body> {
    const suite = await this.documents.get(bot, kind, suiteName);
    if (!suite) throw new NotFoundException(`The bot has no test suite "${suiteName}".`);
    return suite.body;
  }
}

function casesOf(body: Body): TestCase[] {
  if (Array.isArray(body['testCases'])) return body['testCases'] as TestCase[];
  const turns = (body['turns'] ?? []) as Turn[];
  return turns.map(({ user, bot }) => ({ input: user, expectedIntent: bot }));
}
