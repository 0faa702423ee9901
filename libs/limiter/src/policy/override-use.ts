/** Which overrides had an effect on calls since the last report, and how far they were used: a few numbers for each. */
import type { Decision } from '@rollgate/contract';
import type { InForce } from './policy.js';

export interface OverrideUse {
  readonly id: string;
  at_ms: number;
  peak_minute: number;
  peak_hour: number;
  /** A call got another answer than the defaults would have given: let through, or denied. */
  needed: boolean;
}

export class OverrideUses {
  #uses = new Map<string, OverrideUse>();

  /**
   * Counts one decision for every override that governed it: the one that sets the limits, and the one that sets the mode.
   * A denial counts too, also one answered from memory: an override that blocks is used by denying.
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

  /** What there is to tell; the next call starts anew. */
  take(): OverrideUse[] {
    const uses = [...this.#uses.values()];
    this.#uses = new Map();
    return uses;
  }

  /** It could not be told: it is kept for the next time. */
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

/** Whether the call would have been let through without any override, with the units that were in its windows. */
function allowedByDefault({ windows, cost, deniedBy }: Decision, { limits, mode }: InForce): boolean {
  if (mode === 'shadow') return true;
  // After a grant its own units are among those in the window.
  const own = deniedBy === null ? 0 : cost;
  return windows.minute.used + own <= limits.perMinute && windows.hour.used + own <= limits.perHour;
}
