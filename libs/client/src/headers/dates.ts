import type { HeaderReader } from './limit-report.js';

/** A number of seconds above this is a Unix time, not a delay: it would be a delay of 31 years. */
const FIRST_UNIX_SECONDS = 1e9;
const FIRST_UNIX_MS = 1e11;

/** Reads delays that APIs write as seconds, as Unix times, or as dates. */
export class Delays {
  readonly #serverNowMs: number;

  /** Dates are compared with the response's own `Date`, so that a wrong clock on either side does no harm. */
  constructor(headers: HeaderReader, unixMs: () => number) {
    const date = Date.parse(headers.get('date') ?? '');
    this.#serverNowMs = Number.isNaN(date) ? unixMs() : date;
  }

  /** `Retry-After`: seconds or an HTTP date. Anything else is ignored. A date in the past is a delay of 0. */
  retryAfterMs(value: string | null | undefined): number | null {
    const text = value?.trim() ?? '';
    if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
    // A date begins with the name of a day; Date.parse also accepts "1" or "-5".
    return /^[A-Za-z]{3,9},? /.test(text) ? this.#until(Date.parse(text)) : null;
  }

  /** `X-RateLimit-Reset` and alike: seconds from now, Unix seconds, Unix ms, or a date. */
  resetMs(value: string | null | undefined): number | null {
    const text = value?.trim() ?? '';
    if (!/^\d+(\.\d+)?$/.test(text))
      return /^[A-Za-z]{3,9},? |^\d{4}-\d\d-\d\d/.test(text) ? this.#until(Date.parse(text)) : null;
    const number = Number(text);
    if (number >= FIRST_UNIX_MS) return this.#until(number);
    if (number >= FIRST_UNIX_SECONDS) return this.#until(number * 1000);
    return Math.ceil(number * 1000);
  }

  #until(unixMs: number): number | null {
    return Number.isNaN(unixMs) ? null : Math.max(0, unixMs - this.#serverNowMs);
  }
}
