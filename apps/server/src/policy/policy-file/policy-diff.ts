/**
 * Compares a policy file with the database, and both with what they had in common when the file was last exported or applied.
 *
 * Invariant: no change replaces, ends or removes what the database and the file did not have in common, so a change that staff made
 * in the meantime is never lost.
 */
import { type Item, type PolicyContent, type Section, scopeOf } from './policy-content.js';
import {
  type Entries,
  type Entry,
  entriesOf,
  type FieldChange,
  fieldChanges,
  hasStarted,
  isSame,
  placeOf,
  type Stored,
} from './policy-entries.js';

export interface Change {
  readonly section: Section;
  readonly action: 'add' | 'change' | 'remove';
  /** As it is in the database; undefined: it is added. */
  readonly from: Entry | undefined;
  /** As it is in the file; undefined: it is removed. */
  readonly to: Entry | undefined;
  readonly fields: readonly FieldChange[];
}

/** An item that differs from the file, and that the database no longer has as the file's export had it. */
export interface Conflict {
  readonly file: Entry | undefined;
  readonly database: Entry | undefined;
  readonly base: Entry | undefined;
}

export interface Diff {
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
  /** Stored items (`placeOf`) that are equal in both. */
  readonly equal: ReadonlySet<string>;
  /** Items that only the database has, and that stay: they are removed only with `prune`. */
  readonly left: Readonly<Record<Section, number>>;
  /** Items of the file that have ended. */
  readonly ended: number;
  readonly file: Entries;
  readonly database: Entries;
}

/** What the database contains. */
export interface StoredContent {
  readonly content: PolicyContent;
  readonly stored: ReadonlyMap<Item, Stored>;
}

interface Compared {
  readonly file: PolicyContent;
  readonly database: StoredContent;
  /** What both had in common; undefined: not known, so nothing. */
  readonly base: PolicyContent | undefined;
  readonly prune: ReadonlySet<Section>;
  /** Microseconds since 1970. */
  readonly now: number;
}

const NOTHING: PolicyContent = { catalogue: [], plans: [], assignments: [], overrides: [] };

export function comparePolicy({ file, database, base, prune, now }: Compared): Diff {
  const { entries: inDatabase } = entriesOf(database.content, now, database.stored);
  const { entries: inBase } = entriesOf(base ?? NOTHING, now);
  const { entries, ended } = entriesOf(file, now);
  const inFile = withStarts(entries, { inDatabase, inBase, now });
  const changes: Change[] = [];
  const conflicts: Conflict[] = [];
  const equal = new Set<string>();
  const left = { catalogue: 0, plans: 0, assignments: 0, overrides: 0 };
  for (const [key, to] of inFile) {
    const from = inDatabase.get(key);
    if (from !== undefined && isSame(from, to)) equal.add(placeOf(from));
    else if (isSame(from, inBase.get(key))) changes.push(changeOf(from, to));
    else conflicts.push({ file: to, database: from, base: inBase.get(key) });
  }
  for (const [key, from] of inDatabase) {
    // A plan is never deleted, and a retired one is as good as removed.
    if (inFile.has(key) || from.item['retired'] === true) continue;
    if (!prune.has(from.section)) left[from.section] += 1;
    else if (isSame(from, inBase.get(key))) changes.push(changeOf(from, undefined));
    else conflicts.push({ file: undefined, database: from, base: inBase.get(key) });
  }
  return { changes, conflicts, equal, left, ended, file: inFile, database: inDatabase };
}

/**
 * What the file and the database have in common after the diff was applied. `after` is the database then, and `own` are the stored
 * items (`placeOf`) that the file has now.
 */
export function commonContent(
  { file, base, now }: Pick<Compared, 'base' | 'now'> & { readonly file: Entries },
  after: StoredContent,
  own: ReadonlySet<string>,
): PolicyContent {
  const { entries: inBase } = entriesOf(base ?? NOTHING, now);
  const common: Record<Section, Item[]> = { catalogue: [], plans: [], assignments: [], overrides: [] };
  for (const [key, entry] of entriesOf(after.content, now, after.stored).entries) {
    // An item that the file lacks stays as it was in common before, if it was.
    const item = own.has(placeOf(entry)) ? entry.item : file.has(key) ? undefined : inBase.get(key)?.item;
    if (item !== undefined) common[entry.section].push(item);
  }
  return common;
}

function changeOf(from: Entry | undefined, to: Entry | undefined): Change {
  const section = (to ?? (from as Entry)).section;
  const action = from === undefined ? 'add' : to === undefined ? 'remove' : 'change';
  const fields = from !== undefined && to !== undefined ? fieldChanges(section, from.item, to.item) : [];
  return { section, action, from, to, fields };
}

/**
 * An override of the file without a start is the newest stored one of its scope that has started, unless the file has that one with its
 * start. One that both had in common takes precedence, also if it has ended since. If there is none, the override is new.
 */
function withStarts(
  file: Entries,
  { inDatabase, inBase, now }: { inDatabase: Entries; inBase: Entries; now: number },
): Entries {
  const newest = new Map<string, string>();
  const inBoth = new Map([...inDatabase].filter(([key]) => inBase.has(key)));
  for (const entries of [inDatabase, inBase, inBoth]) {
    for (const [key, { section, item }] of entries) {
      if (section === 'overrides' && hasStarted(item, now) && !file.has(key)) newest.set(scopeOf(item), key);
    }
  }
  return new Map(
    [...file].map(([key, entry]) => {
      const hasNoStart = entry.section === 'overrides' && entry.item['startsAt'] === undefined;
      return [(hasNoStart && newest.get(scopeOf(entry.item))) || key, entry];
    }),
  );
}
