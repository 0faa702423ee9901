/**
 * The units of one subject by second, and their sums in both windows. The sums follow the time of each decision, so
 * that deciding a call does not add up an hour.
 *
 * Invariant: a window holds the current second, the whole seconds before it, and the partly covered oldest one: 61 or
 * 3,601 seconds.
 */
import { WINDOW_SECONDS, type Window } from '@rollgate/contract';
import type { UsedSecond } from './store.js';

interface Entry {
  readonly second: number;
  units: number;
}

/** Where a window begins in the list of seconds, and the sum from there on. */
interface WindowSum {
  readonly seconds: number;
  first: number;
  units: number;
}

/** Removing seconds that have left the hour copies the list, so wait until this many have, and half of the list. */
const REMOVE_AT_LEAST = 64;

export class UsedSeconds {
  /** Oldest first. A second whose units were taken back stays in the list with 0 units. */
  #entries: Entry[] = [];
  readonly #windows: Readonly<Record<Window, WindowSum>> = {
    minute: { seconds: WINDOW_SECONDS.minute, first: 0, units: 0 },
    hour: { seconds: WINDOW_SECONDS.hour, first: 0, units: 0 },
  };

  /** The newest second in which units were counted. Later decisions use at least this second. */
  get newest(): number {
    return this.#entries.at(-1)?.second ?? Number.NEGATIVE_INFINITY;
  }

  /** Units used in the window at this second. */
  used(window: Window, now: number): number {
    return this.#at(window, now).units;
  }

  /** The oldest second in the window with units; `undefined` if there is none. */
  oldest(window: Window, now: number): UsedSecond | undefined {
    const { first } = this.#at(window, now);
    for (let i = first; i < this.#entries.length; i++)
      if ((this.#entries[i] as Entry).units > 0) return this.#entries[i];
    return undefined;
  }

  /** The seconds of the window with units, oldest first. */
  inWindow(window: Window, now: number): UsedSecond[] {
    const { first } = this.#at(window, now);
    return this.#entries.slice(first).filter(({ units }) => units > 0);
  }

  /** First second in which `cost` more units fit in the window; `null` if the cost is above the limit. */
  fitsAt(window: Window, { now, cost, limit }: { now: number; cost: number; limit: number }): number | null {
    if (cost > limit) return null;
    const { first, seconds, units } = this.#at(window, now);
    let used = units;
    let at = now;
    for (let i = first; used + cost > limit; i++) {
      const oldest = this.#entries[i] as Entry;
      used -= oldest.units;
      at = oldest.second + seconds + 1;
    }
    return at;
  }

  /** Counts units in this second, which must not be before the newest one. */
  add(second: number, units: number): void {
    const newest = this.#entries.at(-1);
    for (const window of Object.values(this.#windows)) {
      this.#move(window, second);
      window.units += units;
    }
    if (newest?.second === second) newest.units += units;
    else this.#entries.push({ second, units });
    this.#removeOld();
  }

  /** Takes back up to `units` units of this second. Returns how many were found. */
  takeBack(second: number, units: number): number {
    const place = this.#entries.findLastIndex((entry) => entry.second === second);
    const entry = this.#entries[place];
    const found = Math.min(units, entry?.units ?? 0);
    if (entry === undefined || found === 0) return 0;
    entry.units -= found;
    for (const window of Object.values(this.#windows)) if (place >= window.first) window.units -= found;
    return found;
  }

  /** Takes back all units. The newest second stays, because the time of decisions must never go back. */
  clear(): void {
    for (const entry of this.#entries) entry.units = 0;
    for (const window of Object.values(this.#windows)) window.units = 0;
  }

  #at(window: Window, now: number): WindowSum {
    const sum = this.#windows[window];
    this.#move(sum, now);
    return sum;
  }

  /** Moves the beginning of the window to this second. A clock that went back moves it back, too. */
  #move(window: WindowSum, now: number): void {
    const oldest = now - window.seconds;
    for (let entry = this.#entries[window.first]; entry && entry.second < oldest; entry = this.#entries[window.first]) {
      window.units -= entry.units;
      window.first++;
    }
    for (let i = window.first - 1; i >= 0 && (this.#entries[i] as Entry).second >= oldest; i--) {
      window.units += (this.#entries[i] as Entry).units;
      window.first = i;
    }
  }

  #removeOld(): void {
    const { minute, hour } = this.#windows;
    if (hour.first < REMOVE_AT_LEAST || hour.first < this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(hour.first);
    minute.first -= hour.first;
    hour.first = 0;
  }
}
