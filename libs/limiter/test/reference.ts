/**
 * The rule, implemented naively: a log of every granted unit, filtered and counted on each call. It is slow, obvious,
 * and independent of both stores.
 */
export class ReferenceLog {
  /** The second and the units of each grant. */
  #log: { second: number; units: number }[] = [];
  #newest = 0;

  acquire({
    at,
    cost,
    calls,
    perMinute,
    perHour,
  }: {
    at: number;
    cost: number;
    calls: number;
    perMinute: number;
    perHour: number;
  }): {
    granted: number;
    minuteUsed: number;
    hourUsed: number;
    retryAt: number | null;
  } {
    const now = Math.max(at, this.#newest);
    const minuteUsed = this.#used(now, 60);
    const hourUsed = this.#used(now, 3600);
    let granted = 0;
    while (granted < calls && this.#used(now, 60) + cost <= perMinute && this.#used(now, 3600) + cost <= perHour) {
      this.#log.push({ second: now, units: cost });
      this.#newest = now;
      granted++;
    }
    return {
      granted,
      minuteUsed,
      hourUsed,
      retryAt: granted === calls ? null : this.#retryAt({ now, cost, perMinute, perHour }),
    };
  }

  refund({ second, units }: { second: number; units: number }): number {
    let left = units;
    for (const entry of this.#log) {
      if (entry.second !== second) continue;
      const taken = Math.min(left, entry.units);
      entry.units -= taken;
      left -= taken;
    }
    return units - left;
  }

  reset(): void {
    this.#log = [];
  }

  /** Tries every second until the cost fits. */
  #retryAt({
    now,
    cost,
    perMinute,
    perHour,
  }: {
    now: number;
    cost: number;
    perMinute: number;
    perHour: number;
  }): number | null {
    if (cost > perMinute || cost > perHour) return null;
    for (let at = now; ; at++)
      if (this.#used(at, 60) + cost <= perMinute && this.#used(at, 3600) + cost <= perHour) return at;
  }

  /** Units in the current second, the whole seconds before it, and the partly covered oldest one. */
  #used(now: number, length: number): number {
    return this.#log
      .filter(({ second }) => second >= now - length && second <= now)
      .reduce((sum, { units }) => sum + units, 0);
  }
}
