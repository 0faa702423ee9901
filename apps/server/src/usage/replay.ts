/** Replays the calls of a subject to count how many of the denied ones other limits would have allowed. Pure. */

export interface Attempt {
  /** Unix second. */
  readonly second: number;
  readonly cost: number;
  readonly calls: number;
}

export interface Played {
  readonly perMinute: number;
  readonly perHour: number;
  /** Calls that were actually allowed. Within a second they come before the denied ones, as they did. */
  readonly admitted: readonly { readonly second: number; readonly units: number }[];
  readonly denied: readonly Attempt[];
}

const MINUTE = 60;
const HOUR = 3600;

/** The number of `denied` calls that both rolling windows allow, counting each second as the limiter does. */
export function avoided({ perMinute, perHour, admitted, denied }: Played): number {
  const units = new Map<number, number>();
  for (const { second, units: n } of admitted) units.set(second, (units.get(second) ?? 0) + n);
  const seconds = [...units.keys(), ...denied.map(({ second }) => second)];
  const order = [...new Set(seconds)].sort((a, b) => a - b);
  const inMinute = new Window(MINUTE);
  const inHour = new Window(HOUR);
  const attempts = groupBySecond(denied);
  let found = 0;
  for (const second of order) {
    const before = units.get(second) ?? 0;
    inMinute.add(second, before);
    inHour.add(second, before);
    for (const { cost, calls } of attempts.get(second) ?? []) {
      const room = Math.min(perMinute - inMinute.sum, perHour - inHour.sum);
      const fit = Math.max(0, Math.min(calls, Math.floor(room / cost)));
      inMinute.add(second, fit * cost);
      inHour.add(second, fit * cost);
      found += fit;
    }
  }
  return found;
}

function groupBySecond(denied: readonly Attempt[]): Map<number, Attempt[]> {
  const groups = new Map<number, Attempt[]>();
  for (const attempt of denied) {
    const same = groups.get(attempt.second);
    if (same) same.push(attempt);
    else groups.set(attempt.second, [attempt]);
  }
  return groups;
}

/** A sum over the current second, the whole seconds before it and the partly covered oldest one. */
class Window {
  readonly #length: number;
  readonly #seconds: { second: number; units: number }[] = [];
  #first = 0;
  sum = 0;

  constructor(length: number) {
    this.#length = length;
  }

  add(second: number, units: number): void {
    for (let oldest = this.#seconds[this.#first]; oldest && oldest.second < second - this.#length; ) {
      this.sum -= oldest.units;
      oldest = this.#seconds[++this.#first];
    }
    this.#seconds.push({ second, units });
    this.sum += units;
  }
}
