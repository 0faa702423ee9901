/** Formats numbers for people. */
import type { Summary } from '../load/statistics.js';
import type { Unit } from './results.js';

export function perSecondText(value: number): string {
  return `${rounded(value)}/s`;
}

/** Rounds to three significant digits, but keeps all digits before the decimal point. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const magnitude = Math.abs(value);
  const digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: magnitude === 0 ? 0 : digits });
}

export function valueText(value: number, unit: Unit): string {
  if (unit !== 'bytes' || value < 10_000) return rounded(value);
  const megabytes = value / 1_000_000;
  return megabytes < 0.1 ? `${rounded(value / 1000)} kB` : `${rounded(megabytes)} MB`;
}

/** Minimum and maximum of all rounds; an empty string for a single round. */
export function spreadText(summary: Summary, unit: Unit): string {
  return summary.rounds.length < 2 ? '' : `${valueText(summary.min, unit)}–${valueText(summary.max, unit)}`;
}
