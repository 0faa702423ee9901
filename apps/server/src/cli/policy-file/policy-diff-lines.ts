/** Shows what a policy file changes, grouped by section, for people and as JSON. */
import { visibleText } from '@rollgate/contract';
import { loweredLines } from '../../policy/lowered-lines.js';
import { type Item, SECTIONS, type Section } from '../../policy/policy-file/policy-content.js';
import type { Change, Conflict, Diff } from '../../policy/policy-file/policy-diff.js';
import type { Entry } from '../../policy/policy-file/policy-entries.js';
import { scopeText } from '../../policy/policy-file/policy-faults.js';
import type { Outcome } from '../../policy/policy-file/policy-file.service.js';
import type { Made } from '../../policy/policy-file/policy-writes.js';

const TITLES: Readonly<Record<Section, string>> = {
  catalogue: 'Catalogue',
  plans: 'Plans',
  assignments: 'Plan assignments',
  overrides: 'Overrides',
};
/** What is on record for an item without its fields. */
const NAMING = new Set(['api', 'group', 'dimensions', 'account', 'id', 'reason', 'ticket']);

/** Each line ends without a line break. */
export function planLines({ diff, made }: Outcome): string[] {
  const lines = SECTIONS.flatMap((section) => {
    const ofSection = made.filter(({ change }) => change.section === section);
    return ofSection.length === 0 ? [] : [`${TITLES[section]}:`, ...ofSection.flatMap(changeLines)];
  });
  return [...lines, ...leftLines(diff)].map(visibleText);
}

/** For example `2 to add, 1 to change`. */
export function summaryOf({ changes }: Diff): string {
  const count = (action: Change['action']): string[] => {
    const found = changes.filter((change) => change.action === action).length;
    return found === 0 ? [] : [`${found} to ${action}`];
  };
  return [...count('add'), ...count('change'), ...count('remove')].join(', ');
}

/** The item, and how the database came to differ. */
export function conflictText({ file, database, base }: Conflict, isKnown: boolean): string {
  const entry = (file ?? database) as Entry;
  const name = `${TITLES[entry.section].toLowerCase()}: ${nameOf(entry)}`;
  if (database === undefined) return `${name} was ended or removed in the database since the export`;
  const { changedBy, changedAt } = database.stored ?? { changedBy: 'unknown', changedAt: 'unknown' };
  if (!isKnown) return `${name} is different in the database, by ${changedBy} at ${changedAt}`;
  const what = base === undefined ? 'added to' : 'changed in';
  return `${name} was ${what} the database since the export, by ${changedBy} at ${changedAt}`;
}

export function planJson({ diff, made }: Outcome): object {
  return {
    changes: made.map(({ change: { section, action, from, to, fields }, lowered }) => ({
      section,
      action,
      name: nameOf((to ?? from) as Entry),
      before: from?.item ?? null,
      after: to?.item ?? null,
      fields: fields.map(({ field, from: old, to: now }) => ({ field, from: old ?? null, to: now ?? null })),
      lowered,
    })),
    onlyInDatabase: diff.left,
    ended: diff.ended,
  };
}

function nameOf({ section, item }: Entry): string {
  if (section === 'catalogue') return String(item['api']);
  if (section === 'plans') return String(item['id']);
  return section === 'assignments' ? String(item['account']) : scopeText(item);
}

function changeLines({ change, lowered }: Made): string[] {
  const { action, section, from, to, fields } = change;
  const name = nameOf((to ?? from) as Entry);
  const falls = loweredLines(lowered).map((line) => `      ${line}`);
  if (action === 'remove') return [`  - ${name}: ${removalText(section, (from as Entry).item)}`, ...falls];
  if (action === 'add') return [`  + ${name}: ${fieldsText((to as Entry).item)}`, ...falls];
  const changed = fields.map(({ field, from: old, to: now }) => `${field} ${valueText(old)} -> ${valueText(now)}`);
  return [`  ~ ${name}: ${changed.join(', ')}`, ...falls];
}

function removalText(section: Section, item: Item): string {
  if (section === 'catalogue') return 'the limits as registered, enforced';
  if (section === 'plans') return 'retired; accounts that have the plan keep it';
  return section === 'assignments' ? `the plan ${item['plan']} ends now` : `expires now (${fieldsText(item)})`;
}

function fieldsText(item: Item): string {
  return Object.entries(item)
    .filter(([field]) => !NAMING.has(field))
    .map(([field, value]) => `${field} ${valueText(value)}`)
    .join(', ');
}

function valueText(value: unknown): string {
  if (value === undefined) return '(none)';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return JSON.stringify(value);
  return `[${(value as Item[]).map((limit) => limitText(limit)).join('; ')}]`;
}

function limitText({ api, group, ...limits }: Item): string {
  const scope = api ?? (group === undefined ? 'all APIs' : `group ${group}`);
  return `${scope}: ${fieldsText(limits)}`;
}

function leftLines({ left, ended }: Diff): string[] {
  const only = SECTIONS.filter((section) => left[section] > 0).map(
    (section) =>
      `${TITLES[section]}: ${left[section]} only in the database, which stay (--prune ${section} ${section === 'plans' ? 'retires' : 'removes'} them).`,
  );
  return ended === 0
    ? only
    : [...only, `${ended} items of the file have ended and were left out; remove them from the file.`];
}
