/** Shows what a registration changes, one API a line. */

import { visibleText } from '@rollgate/contract';
import type { CatalogueChange } from '@rollgate/limiter';

type Facts = CatalogueChange['after'];

/** What is compared, by the name it has in a catalogue file. */
const COMPARED: readonly [name: string, read: (facts: Facts) => unknown][] = [
  ['title', ({ title }) => title],
  ['group', ({ group }) => group],
  ['group title', ({ groupTitle }) => groupTitle],
  ['level', ({ level }) => `[${(level as string[] | undefined)?.join(', ') ?? ''}]`],
  ['scope', ({ scope }) => scope],
  ['perMinute', ({ shippedPerMinute }) => shippedPerMinute],
  ['perHour', ({ shippedPerHour }) => shippedPerHour],
  ['message', ({ message }) => message],
];

/** For example `~ place-order: perMinute 60 -> 90`. Each line ends without a line break. */
export function diffLines(changes: readonly CatalogueChange[]): string[] {
  return changes.map((change) => visibleText(lineOf(change)));
}

/** For example `2 to add, 1 to retire`. */
export function summaryOf(changes: readonly CatalogueChange[]): string {
  const count = (action: CatalogueChange['action'], words: string) => {
    const found = changes.filter((change) => change.action === action).length;
    return found === 0 ? [] : [`${found} ${words}`];
  };
  return [
    ...count('add', 'to add'),
    ...count('ship', 'to change'),
    ...count('return', 'to bring back'),
    ...count('retire', 'to retire'),
  ].join(', ');
}

function lineOf({ api, action, before, after }: CatalogueChange): string {
  if (action === 'retire') return `- ${api}: retired, its history and overrides stay`;
  if (before === null) return `+ ${api}: ${definitionOf(after)}`;
  const changed = COMPARED.flatMap(([name, read]) =>
    // Rows of the history from before 0.2.0 lack some facts.
    read(before) === read(after) ? [] : [`${name} ${String(read(before) ?? 'unknown')} -> ${String(read(after))}`],
  ).join(', ');
  if (action === 'return') return `+ ${api}: in use again${changed === '' ? '' : `, ${changed}`}`;
  return `~ ${api}: ${changed}`;
}

function definitionOf({ level, shippedPerMinute, shippedPerHour, group, scope }: Facts): string {
  const together = scope === 'group' ? ' (counted together)' : '';
  return `[${(level as string[]).join(', ')}], ${shippedPerMinute} per minute, ${shippedPerHour} per hour, group ${group}${together}`;
}
