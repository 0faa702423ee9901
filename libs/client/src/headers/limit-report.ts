/** What the header fields of one response say about limits. Times are relative, so clocks need not agree. */

/** A way to read header fields. `Headers` of fetch is one. */
export interface HeaderReader {
  /** `name` in lower case. */
  get(name: string): string | null | undefined;
}

/** The state of one window, as one response reports it. `null`: not reported. */
export interface WindowReport {
  readonly name: string;
  /** The partition key: which counter of the policy this is, if the API says so. */
  readonly partition: string | null;
  readonly limit: number | null;
  readonly lengthMs: number | null;
  readonly remaining: number | null;
  /** Time until units become available. */
  readonly resetMs: number | null;
}

export interface LimitReport {
  readonly windows: readonly WindowReport[];
  readonly retryAfterMs: number | null;
}

/** Largest count or number of seconds that is believed: 31 bits. */
const MAX_NUMBER = 2 ** 31 - 1;

/** A whole number of at least 0, or `null`. Larger ones than anyone means are cut. */
export function count(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.floor(value), MAX_NUMBER);
}

/** Seconds, also with a fraction, in ms. */
export function secondsToMs(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.ceil(value * 1000), MAX_NUMBER * 1000);
}
