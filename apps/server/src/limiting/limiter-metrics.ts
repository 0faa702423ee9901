import type { InstanceState, Limiter } from '@rollgate/limiter';
import { Gauge, type Registry } from 'prom-client';

const MODES: readonly InstanceState['mode'][] = ['starting', 'normal', 'fallback', 'quarantine'];

/** How this instance's limiter decides, read at each scrape. The reason is in the log and in the system strip. */
export function registerLimiterMetrics(registry: Registry, limiter: Limiter): void {
  const registers = [registry];
  new Gauge({
    name: 'rollgate_limiter_mode',
    help: '1 for the current mode: starting (decides nothing yet), normal, fallback (decides without the database), quarantine (half limits)',
    labelNames: ['mode'],
    registers,
    collect() {
      const { mode } = limiter.state();
      for (const each of MODES) this.set({ mode: each }, each === mode ? 1 : 0);
    },
  });
  new Gauge({
    name: 'rollgate_limiter_mode_since_timestamp_seconds',
    help: 'When the current mode began, Unix seconds; 0: normal since the start',
    registers,
    collect() {
      this.set(limiter.state().sinceMs / 1000);
    },
  });
  new Gauge({
    name: 'rollgate_limiter_policy_age_seconds',
    help: 'Time since the limits in force were last confirmed by the database; NaN: never',
    registers,
    collect() {
      this.set((limiter.policyState().ageMs ?? Number.NaN) / 1000);
    },
  });
}
