/** Accounts, scopes and limits in requests and responses of the admin API. Limits are units. */
import { factorSchema, MAX_DIMENSION_BYTES, MAX_UNITS } from '@rollgate/contract';
import { z } from 'zod';
import { idText, text } from '../http/schemas.js';

export const accountText = text({ most: MAX_DIMENSION_BYTES });
export const units = z.int().min(0).max(MAX_UNITS);
/** Extra units: added to a limit. */
export const extraUnits = z.int().min(1).max(MAX_UNITS);
export const factor = factorSchema;

/** A limit that a change lowers, or that can never be reached after it. */
export const lowered = z.object({
  api: z.string(),
  window: z.enum(['minute', 'hour']),
  from: z.int(),
  to: z.int(),
  /** `hourBelowMinute`: nothing is lowered, but the minute limit can never be reached. */
  why: z.enum(['lower', 'blocked', 'hourBelowMinute']),
  /** null: at once. */
  at: z.string().nullable(),
  /** The same as a sentence. */
  text: z.string(),
});

/** A warning about a change that was made. */
export const warning = z.object({
  code: z.enum(['unknownAccount']),
  message: z.string(),
  /** Names that may have been meant, the most likely first. */
  near: z.array(z.string()),
});
export type Warning = z.output<typeof warning>;

/** Either a factor or limits. Every form that sets limits uses this rule. */
export const FACTOR_OR_LIMITS = 'name a factor or limits, not both';
export function isFactorOrLimits(set: {
  readonly factor?: number | null | undefined;
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
}): boolean {
  return set.factor == null || (set.perMinute == null && set.perHour == null);
}

/** What an override can set: limits, a factor, or extra units. */
export const overrideSettings = {
  /** Units in any 60 s. `0` blocks; null: the default; left out of a new one: unchanged from the effective limit. */
  perMinute: units.nullish(),
  /** Units in any 3,600 s. `0` blocks; null: the default; left out of a new one: unchanged from the effective limit. */
  perHour: units.nullish(),
  /** A multiple of each API's own default, instead of limits. */
  factor: factor.nullish(),
  /** Extra units: added to the per-minute limit that applies without extra units. They need an end (`expiresAt`). */
  extraMinute: extraUnits.nullish(),
  /** Extra units: added to the per-hour limit that applies without extra units. They need an end (`expiresAt`). */
  extraHour: extraUnits.nullish(),
};

interface OverrideSettings {
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
  readonly factor?: number | null | undefined;
  readonly extraMinute?: number | null | undefined;
  readonly extraHour?: number | null | undefined;
}

/** Limits, a factor, or extra units. Every form of an override uses this rule. */
export const ONE_KIND = 'name limits, a factor or extra units, not several of them';
export function isOneKind(set: OverrideSettings): boolean {
  return kindsOf(set) <= 1;
}

/** How many of limits, a factor and extra units are set. */
export function kindsOf({ perMinute, perHour, factor: times, extraMinute, extraHour }: OverrideSettings): number {
  return [perMinute ?? perHour, times, extraMinute ?? extraHour].filter((kind) => kind != null).length;
}

export const dimensions = z.record(z.string().max(32), text({ most: MAX_DIMENSION_BYTES }));

/** What a limit covers, from the least specific: with no further field, the whole account. */
export const scopeFields = {
  account: accountText,
  group: idText.nullish(),
  api: idText.nullish(),
  /** With `api`: only the subject with these values, e.g. `{ "bot": "b-17" }`. */
  dimensions: dimensions.nullish(),
};
