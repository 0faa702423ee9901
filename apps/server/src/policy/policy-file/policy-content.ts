/** What a policy file contains, in the one form in which files, the database and what both had in common are compared. */
import { createHash } from 'node:crypto';
import { itemSchemas } from './policy-file.schemas.js';

/** In the order of the file. */
export const SECTIONS = ['catalogue', 'plans', 'assignments', 'overrides'] as const;
export type Section = (typeof SECTIONS)[number];

/** The fields of one item, without those that have no value. */
export type Item = Readonly<Record<string, unknown>>;
export type PolicyContent = Readonly<Record<Section, readonly Item[]>>;

/** The fields that an item of a section can have, in the order of the file. */
export const fieldsOf = (section: Section): readonly string[] => Object.keys(itemSchemas[section].shape);

const PLAN_LIMIT_FIELDS = ['group', 'api', 'perMinute', 'perHour', 'factor'];
const TIMES = new Set(['startsAt', 'endsAt', 'expiresAt']);

/** Brings an item of a file or of the database into the one form. */
export function tidyItem(section: Section, item: Item): Item {
  const picked = withoutEmpty(fieldsOf(section), item);
  if (section !== 'plans') return picked;
  const limits = ((item['limits'] ?? []) as Item[]).map((limit) => withoutEmpty(PLAN_LIMIT_FIELDS, limit));
  return { ...picked, title: item['title'] ?? item['id'], limits: limits.sort(byText(limitScope)) };
}

/** Sorts the items of a file or of the database. Overrides of the same scope stay in the order of their creation. */
export function sortContent(content: PolicyContent): PolicyContent {
  return {
    catalogue: content.catalogue.toSorted(byText(({ api }) => api)),
    plans: content.plans.toSorted(byText(({ id }) => id)),
    assignments: content.assignments.toSorted(
      byText(
        ({ account }) => account,
        ({ startsAt }) => startsAt,
      ),
    ),
    overrides: content.overrides.toSorted(byText(({ account }) => account, overrideBreadth, scopeOf)),
  };
}

/** SHA-256 of the content, in hex. Equal contents have equal hashes in every database. */
export function contentHash(content: PolicyContent): string {
  return createHash('sha256')
    .update(JSON.stringify(SECTIONS.map((section) => content[section])))
    .digest('hex');
}

/** The account and what it covers: overrides with the same text compete with each other. */
export function scopeOf({ account, group, api, dimensions }: Item): string {
  return JSON.stringify([account, group ?? null, api ?? null, dimensions ?? null]);
}

/**
 * A time in UTC with as many decimals as it needs, at most six. Postgres keeps microseconds, JavaScript's dates only
 * milliseconds.
 */
function exactTime(text: string): string {
  const [, decimals = ''] = /\.(\d+)/.exec(text) ?? [];
  const whole = new Date(text.replace(/\.\d+/, '')).toISOString().slice(0, 19);
  const kept = decimals.slice(0, 6).replace(/0+$/, '');
  return kept === '' ? `${whole}Z` : `${whole}.${kept}Z`;
}

/** Microseconds since 1970 of a time as `exactTime` writes it. */
export function microseconds(time: string): number {
  const [, decimals = ''] = /\.(\d+)/.exec(time) ?? [];
  return Date.parse(time.replace(/\.\d+/, '')) * 1000 + Number(decimals.padEnd(6, '0'));
}

/** In the order of `names`. `false` and empty text are the defaults of their fields. */
function withoutEmpty(names: readonly string[], item: Item): Item {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = item[name];
      if (value === undefined || value === null || value === false || value === '') return [];
      if (TIMES.has(name)) return [[name, exactTime(value as string)]];
      if (name === 'dimensions')
        return [[name, Object.fromEntries(Object.entries(value).sort(byText(([key]) => key)))]];
      return [[name, value]];
    }),
  );
}

/** By code units, which no locale and no setting of the database changes. */
function byText<Value>(...read: readonly ((value: Value) => unknown)[]): (a: Value, b: Value) => number {
  return (a, b) => {
    for (const one of read) {
      const [left, right] = [String(one(a) ?? ''), String(one(b) ?? '')];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  };
}

/** The whole account comes first, then groups, then APIs, then single subjects. */
function overrideBreadth({ group, api, dimensions }: Item): number {
  if (dimensions !== undefined) return 3;
  if (api !== undefined) return 2;
  return group === undefined ? 0 : 1;
}

/** The limit of all APIs comes first, then those of groups, then those of APIs. */
function limitScope({ group, api }: Item): string {
  if (api !== undefined) return `2${api}`;
  return group === undefined ? '0' : `1${group}`;
}
