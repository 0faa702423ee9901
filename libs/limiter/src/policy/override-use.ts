/** Which overrides decided calls since it was last told, and how far they were used: a few numbers an override. */
import type { Decision, Limits } from '@rollgate/contract';

export interface OverrideUse {
  readonly id: string;
  at_ms: number;
  peak_minute: number;
  peak_hour: number;
  /** A call was admitted that the default would have denied. */
  needed: boolean;
}

export class OverrideUses {
  #uses = new Map<string, OverrideUse>();

  note({ source, windows, allowed, deniedBy, decidedAtMs }: Decision, byDefault: Limits): void {
    const { minute, hour } = windows;
    const needed = allowed && deniedBy === null && (minute.used > byDefault.perMinute || hour.used > byDefault.perHour);
    const known = this.#uses.get(source);
    if (known === undefined) {
      const use = { id: source, at_ms: decidedAtMs, peak_minute: minute.used, peak_hour: hour.used, needed };
      this.#uses.set(source, use);
      return;
    }
    known.at_ms = decidedAtMs;
    known.peak_minute = Math.max(known.peak_minute, minute.used);
    known.peak_hour = Math.max(known.peak_hour, hour.used);
    known.needed ||= needed;
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
