/** The time limit of everything on the store that is not a decision: reading usage, refunds and resets. */
import { isBadData } from '../connections/faults.js';
import { LimiterUnavailableError } from '../outage/outage.js';
import { BrokenAnswerError, type BrokenAnswers } from '../store/broken-answers.js';
import { awake, within } from '../tasks/within.js';

export interface StoreTimeLimitOptions {
  /** The time limit, ms. Without it the store may take any time, and its errors are not changed. */
  readonly limitMs: (() => number) | undefined;
  readonly brokenAnswers: BrokenAnswers;
}

export class StoreTimeLimit {
  readonly #options: StoreTimeLimitOptions;

  constructor(options: StoreTimeLimitOptions) {
    this.#options = options;
  }

  /** @throws LimiterUnavailableError when the store does not answer in time, or the store's error about bad data */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { limitMs, brokenAnswers } = this.#options;
    if (limitMs === undefined) return await awake(work());
    try {
      return await within(limitMs(), work(), 'the database did not answer');
    } catch (error) {
      if (error instanceof BrokenAnswerError) brokenAnswers.report(error);
      throw isBadData(error) ? error : new LimiterUnavailableError(error);
    }
  }
}
