import { Text } from '@mantine/core';
import type { PlanPreview } from '../../data/plans.js';
import { count, many, named, WINDOWS } from '../../lib/format.js';
import { complaint } from '../../ui/notes.js';

const MOST_SHOWN = 8;

/** What saving these limits changes, for the accounts on the plan that have no override. */
export function PlanEffect({
  preview: { data, error },
}: {
  preview: { data: PlanPreview | undefined; error: Error | null };
}) {
  if (error !== null) return <Text size="sm">{complaint(error)}</Text>;
  if (data === undefined) return null;
  const changed = data.effects.filter(
    ({ before, after }) => before.perMinute !== after.perMinute || before.perHour !== after.perHour,
  );
  return (
    <div role="status" data-effect>
      <Text size="sm" fw={500}>
        {changed.length === 0
          ? 'This changes no limit.'
          : `This changes the limits of ${many(changed.length, 'API')} for ${many(data.accounts, 'assigned account')}.`}
      </Text>
      {changed.length > 0 && (
        <ul className="lowering number">
          {changed.slice(0, MOST_SHOWN).map(({ api, title, before, after }) => (
            <li key={api}>
              {named(title)}: {both(before)} → {both(after)}
            </li>
          ))}
          {changed.length > MOST_SHOWN && <li>and {count(changed.length - MOST_SHOWN)} more</li>}
        </ul>
      )}
    </div>
  );
}

const both = ({ perMinute, perHour }: { perMinute: number; perHour: number }): string =>
  `${count(perMinute)} in ${WINDOWS.minute} · ${count(perHour)} in ${WINDOWS.hour}`;
