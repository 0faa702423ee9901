/** Converts values typed on a command line to the API's values. */
import { MAX_FACTOR, parseMoment } from '@rollgate/contract';
import { InvalidArgumentError } from 'commander';

/** Represents null: Commander treats a null from a parser as an option without its argument. */
export const NEVER = 'never';
export const DEFAULT = 'default';

/** `24h`, `7d`, `30m`, `15:00Z`, an ISO 8601 time with an offset, or `never`. */
export function expiry(text: string): string {
  if (text === NEVER) return NEVER;
  return start(text, 'Say 24h, 7d, 30m, 15:00Z, a time like 2026-12-31T12:00:00Z, or never.');
}

/** `24h`, `7d`, `30m`, `15:00Z`, or an ISO 8601 time with an offset. */
export function start(
  text: string,
  complaint = 'Say 24h, 7d, 30m, 15:00Z, or a time like 2026-12-31T12:00:00Z.',
): string {
  const at = parseMoment(text, Date.now());
  if (at === undefined) throw new InvalidArgumentError(complaint);
  return at;
}

/** `6h`, `7d`, `30m` ago, or an ISO 8601 time with an offset. */
export function past(text: string): string {
  const now = Date.now();
  const at = parseMoment(text, now);
  if (at === undefined) throw new InvalidArgumentError('Say 6h, 7d, 30m, or a time like 2026-12-31T12:00:00Z.');
  // The contract reads a length as time from now on.
  return /^\d{1,6}[mhd]$/.test(text) ? new Date(2 * now - Date.parse(at)).toISOString() : at;
}

/** A factor like 2 or 1.5. */
export function factor(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(text) || value <= 0 || value > MAX_FACTOR) {
    throw new InvalidArgumentError(`Say a number above 0, at most ${MAX_FACTOR}, like 2 or 1.5.`);
  }
  return value;
}

/** A limit in units, or `default`. */
export function limit(text: string): number | typeof DEFAULT {
  if (text === DEFAULT) return DEFAULT;
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Must be a whole number of units, or "default".');
  return Number(text);
}

/** Extra units. */
export function extra(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('Must be a whole number of units, 1 or more.');
  return Number(text);
}

/** `bot=b-17`, repeated for each dimension. */
export function dimension(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Say it like bot=b-17.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Converts to the API's value: null for a permanent override, and for the catalogue's default limit. */
export function apiValue<Value>(value: Value): Exclude<Value, typeof NEVER | typeof DEFAULT> | null {
  return value === NEVER || value === DEFAULT ? null : (value as Exclude<Value, typeof NEVER | typeof DEFAULT>);
}

const PLAN_LIMIT = /^(?:all|(group|api)=([^:]+)):(?:([\d.]+)x|(?:(\d{1,10})\/min)?,?(?:(\d{1,10})\/h)?)$/;

/** A limit of a plan, repeated: `all:2x`, `group=bots:600/min`, `api=publish-bot:300/min,9000/h`. */
export function planLimit(text: string, before: object[] = []): object[] {
  const [matched, scope, name, times, perMinute, perHour] = PLAN_LIMIT.exec(text) ?? [];
  if (matched === undefined || (times ?? perMinute ?? perHour) === undefined) {
    throw new InvalidArgumentError('Say it like all:2x, group=bots:600/min, or api=publish-bot:300/min,9000/h.');
  }
  return [
    ...before,
    {
      ...(scope === undefined ? {} : { [scope]: name }),
      ...(times === undefined ? {} : { factor: factor(times) }),
      ...(perMinute === undefined ? {} : { perMinute: Number(perMinute) }),
      ...(perHour === undefined ? {} : { perHour: Number(perHour) }),
    },
  ];
}
