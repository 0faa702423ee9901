/** What people type on a command line, as the API has it. */
import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `24h`, `7d`, `30m`, an ISO time, or `never`. null: for good. */
export function expiry(text: string): string | null {
  if (text === 'never') return null;
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(Date.now() + Number(amount) * (UNIT_MS[unit] ?? 0)).toISOString();
  }
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('Say 24h, 7d, 30m, a time like 2026-12-31T12:00Z, or never.');
  return at.toISOString();
}

/** A limit in units, or `default`. */
export function limit(text: string): number | null {
  if (text === 'default') return null;
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Say a whole number of calls, or default.');
  return Number(text);
}

/** `bot=b-17`, once for each dimension. */
export function dimension(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Say it like bot=b-17.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
