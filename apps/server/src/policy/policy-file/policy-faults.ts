/** What is wrong with the items of a policy file, found before anything is written. */
import { INTERNAL_ACCOUNT } from '@rollgate/contract';
import { type Item, microseconds, type PolicyContent, type Section, scopeOf } from './policy-content.js';
import type { Diff } from './policy-diff.js';
import { type Entry, hasEnded } from './policy-entries.js';

export interface Fault {
  readonly section: Section;
  /** Position in its section. */
  readonly index: number;
  /** Where in the item. */
  readonly path?: readonly PropertyKey[];
  readonly message: string;
}

/** The file can't be applied to any database, or not to this one. */
export class PolicyFaultsError extends Error {
  override readonly name = 'PolicyFaultsError';
  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ message }) => message).join('; '));
  }
}

/** What the database knows. */
export interface KnownNames {
  /** The group of each API that is in use or retired. */
  readonly groupOf: ReadonlyMap<string, string>;
  readonly retiredApis: ReadonlySet<string>;
}

/** Faults that need no database. */
export function contentFaults(content: PolicyContent, now: number): Fault[] {
  return [
    ...twice('catalogue', content.catalogue, ({ api }) => `the API ${api}`),
    ...twice('plans', content.plans, ({ id }) => `the plan ${id}`),
    ...twice('overrides', content.overrides, (item) =>
      item['startsAt'] === undefined ? `an override without startsAt for ${scopeText(item)}` : undefined,
    ),
    ...twice(
      'overrides',
      content.overrides,
      (item) => `the override for ${scopeText(item)}, with equal values,`,
      JSON.stringify,
    ),
    ...overlaps(content.assignments, now),
    ...(['assignments', 'overrides'] as const).flatMap((section) =>
      content[section].flatMap((item, index) => itemFaults(section, item, index)),
    ),
  ];
}

/** Faults of the items that would be added or changed in this database. */
export function changeFaults(diff: Diff, { groupOf, retiredApis }: KnownNames): Fault[] {
  const groups = new Set(groupOf.values());
  const plans = new Set(
    [...diff.database.values(), ...diff.file.values()].filter(isPlan).map(({ item }) => item['id']),
  );
  const scopeFaults = ({ section, index }: Entry, { api, group }: Item, path?: readonly PropertyKey[]): Fault[] => {
    if (api !== undefined && !groupOf.has(api as string))
      return [{ section, index, path: path ?? ['api'], message: `there is no API "${api}" in the catalogue` }];
    if (group !== undefined && !groups.has(group as string))
      return [
        { section, index, path: path ?? ['group'], message: `there is no API group "${group}" in the catalogue` },
      ];
    return [];
  };
  const changed = diff.changes.flatMap(({ from, to }) => (to === undefined ? [] : [{ from, to }]));
  return changed.flatMap(({ from, to }): Fault[] => {
    const { section, index, item } = to;
    if (section === 'plans') return (item['limits'] as Item[]).flatMap((limit) => scopeFaults(to, limit, ['limits']));
    if (section === 'assignments') {
      if (plans.has(item['plan'])) return [];
      return [{ section, index, path: ['plan'], message: `there is no plan "${item['plan']}"` }];
    }
    const faults = scopeFaults(to, item);
    if (faults.length === 0 && section === 'overrides' && from === undefined && retiredApis.has(item['api'] as string))
      return [
        { section, index, path: ['api'], message: `the API "${item['api']}" is retired: no application registers it` },
      ];
    return faults;
  });
}

/**
 * The newest of several overrides for one scope applies, and the file has them in that order. A new override is the newest one, so it
 * can't come before one that the database has already.
 */
export function orderFaults(diff: Diff): Fault[] {
  const positions = new Map([...diff.database.keys()].map((key, position) => [key, position]));
  const last = new Map<string, number>();
  const faults: Fault[] = [];
  for (const [key, { section, index, item }] of diff.file) {
    if (section !== 'overrides') continue;
    const scope = scopeOf(item);
    const position = positions.get(key) ?? Number.POSITIVE_INFINITY;
    if (position < (last.get(scope) ?? -1)) {
      const message = `the newest override for ${scopeText(item)} applies, and this one is older than the one before it in the file: move it up`;
      faults.push({ section, index, message });
    }
    last.set(scope, Math.max(position, last.get(scope) ?? -1));
  }
  return faults;
}

export function scopeText({ account, group, api, dimensions }: Item): string {
  const subject = Object.entries((dimensions ?? {}) as Record<string, string>).map((pair) => pair.join('='));
  return [account, api ?? (group === undefined ? 'all APIs' : `group ${group}`), ...subject].join(' ');
}

const isPlan = ({ section }: Entry): boolean => section === 'plans';

function itemFaults(section: Section, item: Item, index: number): Fault[] {
  const { account, startsAt, endsAt, expiresAt } = item;
  const end = (endsAt ?? expiresAt) as string | undefined;
  if (account === INTERNAL_ACCOUNT) {
    return [{ section, index, path: ['account'], message: `account: "${account}" belongs to Rollgate itself` }];
  }
  if (end === undefined || startsAt === undefined || microseconds(end) > microseconds(startsAt as string)) return [];
  const path = [endsAt === undefined ? 'expiresAt' : 'endsAt'];
  return [{ section, index, path, message: `${path[0]}: must be after startsAt` }];
}

function twice(
  section: Section,
  items: readonly Item[],
  nameOf: (item: Item) => string | undefined,
  keyOf: (item: Item) => string | undefined = nameOf,
): Fault[] {
  const first = new Map<string, number>();
  return items.flatMap((item, index): Fault[] => {
    const [name, key] = [nameOf(item), keyOf(item)];
    if (name === undefined || key === undefined) return [];
    if (!first.has(key)) first.set(key, index);
    return first.get(key) === index ? [] : [{ section, index, message: `the file has ${name} twice` }];
  });
}

/** An account has one plan at a time. */
function overlaps(assignments: readonly Item[], now: number): Fault[] {
  const section = 'assignments';
  const start = ({ startsAt }: Item): number => (startsAt === undefined ? now : microseconds(startsAt as string));
  const inOrder = assignments
    .map((item, index) => ({ item, index }))
    .filter(({ item }) => !hasEnded(item, now))
    .sort((a, b) => start(a.item) - start(b.item));
  const before = new Map<unknown, Item>();
  return inOrder.flatMap(({ item, index }): Fault[] => {
    const earlier = before.get(item['account']);
    before.set(item['account'], item);
    if (
      earlier === undefined ||
      (earlier['endsAt'] !== undefined && microseconds(earlier['endsAt'] as string) <= start(item))
    )
      return [];
    const until = item['startsAt'] === undefined ? 'now' : `at ${item['startsAt']}`;
    const message = `${item['account']} already has the plan ${earlier['plan']} then: an account has one plan at a time, so let that one end ${until}`;
    return [{ section, index, message }];
  });
}
