/** The APIs whose limits a change would change, before and after. */
import { Text } from '@mantine/core';
import { count, many, named, WINDOWS } from '../lib/format.js';
import { complaint } from './notes.js';

interface Limits {
  readonly perMinute: number;
  readonly perHour: number;
}

interface Effect {
  readonly api: string;
  readonly title: string;
  readonly before: Limits;
  readonly after: Limits;
}

export interface EffectsProps {
  readonly preview: {
    readonly data: { readonly effects: readonly Effect[] } | undefined;
    readonly error: Error | null;
  };
  /** The sentence about the number of APIs that change. */
  readonly says: (apis: number) => string;
}

/** Different changes. */
const MOST_SHOWN = 8;
/** APIs that change alike. */
const MOST_NAMED = 3;

export function Effects({ preview: { data, error }, says }: EffectsProps) {
  if (error !== null) return <Text size="sm">{complaint(error)}</Text>;
  if (data === undefined) return null;
  const changed = data.effects.filter(
    ({ before, after }) => before.perMinute !== after.perMinute || before.perHour !== after.perHour,
  );
  const alike = alikeEffects(changed);
  const others = alike.slice(MOST_SHOWN).reduce((sum, group) => sum + group.length, 0);
  return (
    <div role="status" data-effect>
      <Text size="sm" fw={500}>
        {changed.length === 0 ? 'This changes no limit.' : says(changed.length)}
      </Text>
      {changed.length > 0 && (
        <ul className="lowering number">
          {alike.slice(0, MOST_SHOWN).map((group) => (
            <li key={changeOf(group[0] as Effect)}>
              {names(group)}: {changeOf(group[0] as Effect)}
            </li>
          ))}
          {alike.length > MOST_SHOWN && <li>and other changes of {many(others, 'API')}</li>}
        </ul>
      )}
    </div>
  );
}

/** Groups of APIs whose limits change in the same way, the largest first. No group is empty. */
export function alikeEffects<Change extends Pick<Effect, 'before' | 'after'>>(effects: readonly Change[]): Change[][] {
  const groups = new Map<string, Change[]>();
  for (const effect of effects) {
    const same = groups.get(changeOf(effect));
    if (same) same.push(effect);
    else groups.set(changeOf(effect), [effect]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/** `Publish bot, Upload file and 34 more` */
function names(group: readonly Effect[]): string {
  const shown = group.length <= MOST_NAMED ? group : group.slice(0, MOST_NAMED - 1);
  const more = group.length - shown.length;
  return `${shown.map(({ title }) => named(title)).join(', ')}${more === 0 ? '' : ` and ${count(more)} more`}`;
}

export const changeOf = ({ before, after }: Pick<Effect, 'before' | 'after'>): string =>
  `${both(before)} → ${both(after)}`;

const both = ({ perMinute, perHour }: Limits): string =>
  `${count(perMinute)} in ${WINDOWS.minute} · ${count(perHour)} in ${WINDOWS.hour}`;
