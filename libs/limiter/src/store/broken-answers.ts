/** Inconsistent answers of the store, and their reports: once when they begin, and once more after a minute without any. */
import type { Reports } from '../reports.js';

const OVER_AFTER_MS = 60_000;

/**
 * The store's answer contradicts the batch or itself. It is not used for a decision, and the units it granted stay
 * spent.
 */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
  constructor(what: string) {
    super(`the store gave a broken answer: ${what}`);
  }
}

export class BrokenAnswers {
  readonly #reports: Reports;
  #newest: BrokenAnswerError | undefined;
  #over: NodeJS.Timeout | undefined;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  report(error: BrokenAnswerError): void {
    // The same error fails every call of its batch, so report it once.
    if (this.#newest === error) return;
    this.#newest = error;
    this.#reports.trouble('answers', {
      kind: 'broken',
      message: `${error.message}; its calls are decided as in an outage`,
    });
    clearTimeout(this.#over);
    this.#over = setTimeout(
      () => this.#reports.over('answers', 'the database has given no broken answer for a minute'),
      OVER_AFTER_MS,
    ).unref();
  }

  stop(): void {
    clearTimeout(this.#over);
  }
}
