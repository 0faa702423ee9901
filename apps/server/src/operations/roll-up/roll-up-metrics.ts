import { Counter, Gauge, type Registry } from 'prom-client';
import type { RollUpPass } from './roll-up.js';

/** How far usage by hour is added up. An instance counts nothing while another one does the work. */
export class RollUpMetrics {
  readonly #rolledTo: Gauge;
  readonly #endedAt: Gauge;
  readonly #failures: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#rolledTo = new Gauge({
      name: 'rollgate_roll_up_rolled_to_timestamp_seconds',
      help: 'Usage by hour is complete up to this time, Unix seconds; 0: not known on this instance',
      registers,
    });
    this.#endedAt = new Gauge({
      name: 'rollgate_roll_up_last_pass_timestamp_seconds',
      help: 'When the last pass ended, Unix seconds; 0: none yet on this instance',
      registers,
    });
    this.#failures = new Counter({
      name: 'rollgate_roll_up_failed_passes_total',
      help: 'Passes that ended with an error; the next one continues where they stopped',
      registers,
    });
  }

  passed({ rolledTo }: RollUpPass): void {
    if (rolledTo !== undefined) this.#rolledTo.set(rolledTo.getTime() / 1000);
    this.#endedAt.setToCurrentTime();
  }

  failed(): void {
    this.#failures.inc();
  }
}
