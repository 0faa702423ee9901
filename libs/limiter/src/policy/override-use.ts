/** Counts which overrides affected calls since the last report, and how much of them was used. */
import type { Decision } from '@rollgate/contract';
import type { InForce } from './policy.js';

export interface OverrideUse {
  readonly id: string;
  at_ms: number;
  peak_minute: number;
  peak_hour: number;
  /** A call was allowed or denied where the defaults would have decided otherwise. */
  needed: boolean;
}

export class OverrideUses {
  #uses = new Map<string, OverrideUse>();

  /**
   * Counts one decision for every override that governed it: the one that sets the limits, and the one that sets the
   * mode. Denials count too, including those answered from memory: an override that blocks is used by denying calls.
   */
  note(decision: Decision, { governedBy, byDefault }: { governedBy: readonly string[]; byDefault: InForce }): void {
    const { windows, allowed, decidedAtMs } = decision;
    const needed = allowed !== allowedByDefault(decision, byDefault);
    for (const id of governedBy) {
      const known = this.#uses.get(id);
      if (known === undefined) {
        const [peak_minute, peak_hour] = [windows.minute.used, windows.hour.used];
        this.#uses.set(id, { id, at_ms: decidedAtMs, peak_minute, peak_hour, needed });
        continue;
      }
      known.at_ms = Math.max(known.at_ms, decidedAtMs);
      known.peak_minute = Math.max(known.peak_minute, windows.minute.used);
      known.peak_hour = Math.max(known.peak_hour, windows.hour.used);
      known.needed ||= needed;
    }
  }

  /** Returns the counts so far and starts again at zero. */
  take(): OverrideUse[] {
    const uses = [...this.#uses.values()];
    this.#uses = new Map();
    return uses;
  }

  /** Adds back counts that could not be reported, so that the next report includes them. */
  putBack(uses: readonly OverrideUse[]): void {
    for (const use of uses) {
      const newer = this.#uses.get(use.id);
      if (newer === undefined) this.#uses.set(use.id, use);
      else {
        newer.peak_minute = Math.max(newer.peak_minute, use.peak_minute);
        newer.peak_hour = Math.max(newer.peak_hour, use.peak_hour);
        newer.needed ||= use.needed;
      }
    }
  }
}

/** Whether the call would have been allowed without any override, given the units in its windows. */
function allowedByDefault({ windows, cost, deniedBy }: Decision, { limits, mode }: InForce): boolean {
  if (mode === 'shadow') return true;
  // After a grant the window already includes the call's own units.
  const own = deniedBy === null ? 0 : cost;
  return windows.minute.used + own <= limits.perMinute && windows.hour.used + own <= limits.perHour;
}
