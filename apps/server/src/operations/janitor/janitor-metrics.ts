import type { SweepTotals } from '@rollgate/limiter';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The work of this instance's janitor. An instance counts nothing when another one is already sweeping. */
export class JanitorMetrics {
  readonly #heads: Counter;
  readonly #buckets: Counter;
  readonly #unrolled: Counter;
  readonly #failures: Counter;
  readonly #endedAt: Gauge;
  readonly #duration: Gauge;
  readonly #busyLanes: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#heads = new Counter({
      name: 'rollgate_janitor_heads_removed_total',
      help: 'Idle subjects removed',
      registers,
    });
    this.#buckets = new Counter({
      name: 'rollgate_janitor_buckets_removed_total',
      help: 'Finished minutes removed, past their retention',
      registers,
    });
    this.#unrolled = new Counter({
      name: 'rollgate_janitor_unrolled_removed_total',
      help: 'Minutes removed before usage by hour contained them, because it had not been added up for a day',
      registers,
    });
    this.#failures = new Counter({
      name: 'rollgate_janitor_failed_passes_total',
      help: 'Passes that ended with an error; the next one goes on where it matters',
      registers,
    });
    this.#endedAt = new Gauge({
      name: 'rollgate_janitor_last_pass_timestamp_seconds',
      help: 'When the last pass ended, Unix seconds; 0: none yet on this instance',
      registers,
    });
    this.#duration = new Gauge({
      name: 'rollgate_janitor_last_pass_duration_seconds',
      help: 'How long the last pass took',
      registers,
    });
    this.#busyLanes = new Gauge({
      name: 'rollgate_janitor_last_pass_busy_lanes',
      help: 'Lanes that the last pass skipped, because they were busy at each attempt',
      registers,
    });
  }

  swept(totals: SweepTotals, { durationMs }: { durationMs: number }): void {
    this.#heads.inc(totals.heads);
    this.#buckets.inc(totals.buckets);
    this.#unrolled.inc(totals.unrolled);
    this.#busyLanes.set(totals.busyLanes);
    this.#duration.set(durationMs / 1000);
    this.#endedAt.setToCurrentTime();
  }

  failed(): void {
    this.#failures.inc();
  }
}
