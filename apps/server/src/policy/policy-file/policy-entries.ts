/** Items under the names by which a file, the database and what both had in common are compared. */
import {
  fieldsOf,
  type Item,
  microseconds,
  type PolicyContent,
  SECTIONS,
  type Section,
  scopeOf,
} from './policy-content.js';

/** Where the database keeps an item. */
export interface Stored {
  readonly id: string;
  readonly version: number;
  readonly changedAt: string;
  readonly changedBy: string;
}

export interface Entry {
  readonly section: Section;
  /** Position in its section. */
  readonly index: number;
  readonly item: Item;
  /** undefined: the item is of a file. */
  readonly stored?: Stored | undefined;
}

/** By their names, in the order of the sections and of their items. */
export type Entries = ReadonlyMap<string, Entry>;

/**
 * The fields that name an item, and those that are not compared: an assignment in force has only one start, and keeps its
 * reason and ticket.
 */
const NOT_COMPARED: Readonly<Record<Section, readonly string[]>> = {
  catalogue: ['api'],
  plans: ['id'],
  assignments: ['account', 'startsAt', 'reason', 'ticket'],
  overrides: ['account', 'group', 'api', 'dimensions', 'startsAt'],
};

const comparedOf = (section: Section): string[] =>
  fieldsOf(section).filter((field) => !NOT_COMPARED[section].includes(field));

/** A field whose value differs; undefined: it has none. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** A reason that a file leaves out is not compared. */
export function fieldChanges(section: Section, from: Item, to: Item): FieldChange[] {
  return comparedOf(section).flatMap((field) => {
    if (field === 'reason' && to[field] === undefined) return [];
    const [old, now] = [from[field], to[field]];
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ field, from: old, to: now }];
  });
}

export function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return fieldChanges(a.section, a.item, b.item).length === 0;
}

/** Names the items. Assignments and overrides that have ended by `now` are left out; their number is `ended`. */
export function entriesOf(
  content: PolicyContent,
  now: number,
  stored: ReadonlyMap<Item, Stored> = new Map(),
): { entries: Map<string, Entry>; ended: number } {
  const entries = new Map<string, Entry>();
  let ended = 0;
  for (const section of SECTIONS) {
    for (const [index, item] of content[section].entries()) {
      if (hasEnded(item, now)) ended += 1;
      else entries.set(freeKey(entries, keyOf(section, item, now)), { section, index, item, stored: stored.get(item) });
    }
  }
  return { entries, ended };
}

/** Tells a stored item from all others. */
export const placeOf = ({ section, stored }: Entry): string => `${section} ${stored?.id}`;

export function hasEnded({ endsAt, expiresAt }: Item, now: number): boolean {
  const end = endsAt ?? expiresAt;
  return end !== undefined && microseconds(end as string) <= now;
}

/** An item without a start starts now. */
export function hasStarted({ startsAt }: Item, now: number): boolean {
  return startsAt === undefined || microseconds(startsAt as string) <= now;
}

/**
 * An account has at most one assignment in force, and that is its name. A later assignment is named by its start. An override is named
 * by its account, what it covers, and its start.
 */
function keyOf(section: Section, item: Item, now: number): string {
  const { api, id, account, startsAt } = item;
  if (section === 'catalogue') return `catalogue ${api}`;
  if (section === 'plans') return `plans ${id}`;
  if (section === 'assignments') return `assignments ${hasStarted(item, now) ? 'now' : startsAt} ${account}`;
  return `overrides ${startsAt ?? 'now'} ${scopeOf(item)}`;
}

/** Several overrides of the same scope may start together. Their order distinguishes them. */
function freeKey(taken: ReadonlyMap<string, unknown>, key: string): string {
  let free = key;
  for (let n = 2; taken.has(free); n += 1) free = `${key} ${n}`;
  return free;
}
