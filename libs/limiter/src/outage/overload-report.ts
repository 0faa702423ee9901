/**
 * Reports that calls are decided without a database that answers: it is overloaded, or another session holds lanes. No
 * breaker opens then, so the instance's state stays normal.
 */
import type { Reports } from '../reports.js';

/** The overload is over when no call was late for this long. */
const OVER_AFTER_MS = 5_000;

export class OverloadReport {
  readonly #reports: Reports;
  #lateAt: number | undefined;
  #isReported = false;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  /** Notes that a call was decided without the database because its budget had ended. */
  noteLate(): void {
    this.#lateAt = performance.now();
  }

  /** Notes that the database answered a batch. If calls were late before, the reason was not that it is away. */
  noteAnswer(): void {
    if (this.#lateAt === undefined) return;
    if (!this.#isReported) {
      this.#isReported = true;
      this.#reports.trouble('overload', {
        kind: 'late',
        level: 'warn',
        message:
          'the database answers, but not within the budget of every call: late calls are decided by the outage mode',
      });
    }
    if (performance.now() - this.#lateAt < OVER_AFTER_MS) return;
    this.forget();
    this.#reports.over('overload', 'the database decides every call within its budget again');
  }

  /** Forgets late calls, because the database is away. That is reported otherwise. */
  forget(): void {
    this.#lateAt = undefined;
    this.#isReported = false;
  }
}
