/** What a change lowers, and the confirmation it needs. */
import { Alert, Button, Checkbox, Stack, Text } from '@mantine/core';
import { ApiError, type Problem } from '../api/client.js';
import { count, utc } from '../lib/format.js';

export type Lowered = NonNullable<Problem['lowering']>[number];

const MOST_SHOWN = 12;

/** `publish-bot: 300 → 120 in any 60 s` */
export function LoweringList({ items }: { items: readonly Lowered[] }) {
  return (
    <ul className="lowering number">
      {items.slice(0, MOST_SHOWN).map((item) => (
        <li key={`${item.api} ${item.window}`}>
          <span className="mono">{item.api}</span>: {what(item)}
          {item.at !== null && ` from ${utc(item.at)} on`}
        </li>
      ))}
      {items.length > MOST_SHOWN && <li>and {count(items.length - MOST_SHOWN)} more</li>}
    </ul>
  );
}

function what({ why, window, from, to }: Lowered): string {
  const length = window === 'minute' ? 'in any 60 s' : 'in any hour';
  if (why === 'blocked') return `blocked, ${count(from)} → 0 ${length}`;
  if (why === 'hourBelowMinute') return `${count(to)} ${length}, less than its limit in any 60 s`;
  return `${count(from)} → ${count(to)} ${length}`;
}

export interface ConfirmProps {
  readonly title: string;
  readonly label: string;
  readonly confirmed: boolean;
  readonly onConfirm: (confirmed: boolean) => void;
  /** It was tried without. */
  readonly missing: boolean;
  readonly children: React.ReactNode;
}

/** Something to look at and to agree to before the form can be saved. */
export function ConfirmBox({ title, label, confirmed, onConfirm, missing, children }: ConfirmProps) {
  return (
    <Alert color="orange" role="status" title={title}>
      <Stack gap="xs">
        {children}
        <Checkbox
          label={label}
          checked={confirmed}
          onChange={({ currentTarget }) => onConfirm(currentTarget.checked)}
          error={missing && !confirmed ? 'Confirm it to save' : undefined}
        />
      </Stack>
    </Alert>
  );
}

/** What a refused change would lower; undefined: it was refused for something else, or not at all. */
export function loweringOf(error: Error | null): readonly Lowered[] | undefined {
  return error instanceof ApiError ? error.problem.lowering : undefined;
}

/** A refused change: what would fall, and the button that does it all the same. */
export function LoweringNote({
  items,
  saving,
  onLower,
}: {
  items: readonly Lowered[];
  saving: boolean;
  onLower: () => void;
}) {
  return (
    <Alert color="orange" role="alert" title="This lowers limits that are in force">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">Nothing was saved yet.</Text>
        <LoweringList items={items} />
        <Button size="compact-sm" color="red" loading={saving} onClick={onLower}>
          Lower them
        </Button>
      </Stack>
    </Alert>
  );
}
