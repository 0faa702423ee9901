import { Janitor, type JanitorOptions, type SweepTotals } from '@rollgate/limiter';
import type { JanitorMetrics } from './janitor-metrics.js';

/** The limiter's janitor with metrics for each pass. */
export class MeasuredJanitor extends Janitor {
  readonly #metrics: JanitorMetrics;

  constructor(options: JanitorOptions, metrics: JanitorMetrics) {
    super(options);
    this.#metrics = metrics;
  }

  override async sweep(): Promise<SweepTotals | undefined> {
    const startedAt = performance.now();
    try {
      const totals = await super.sweep();
      if (totals) this.#metrics.swept(totals, { durationMs: performance.now() - startedAt });
      return totals;
    } catch (error) {
      this.#metrics.failed();
      throw error;
    }
  }
}
