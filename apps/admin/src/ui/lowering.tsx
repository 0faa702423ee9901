/** The limits that a change lowers, and the confirmation that this needs. */
import { Alert, Button, Checkbox, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError, type Problem } from '../api/client.js';
import { count, utc } from '../lib/format.js';

export type Lowered = NonNullable<Problem['lowering']>[number];

/** The title, and the verb of the confirmation. An hour limit below the minute limit lowers nothing, but must be confirmed too. */
export function loweringWords(items: readonly Lowered[]): { title: string; confirm: string } {
  if (items.every(({ why }) => why === 'hourBelowMinute'))
    return { title: 'The limit in any hour is below the limit in any 60 s', confirm: 'Set these limits' };
  return { title: 'This lowers limits that are in force', confirm: 'Lower these limits' };
}

const MOST_SHOWN = 12;

/** `publish-bot: 300 → 120 in any 60 s` */
export function LoweringList({ items }: { items: readonly Lowered[] }) {
  return (
    <ul className="lowering number">
      {items.slice(0, MOST_SHOWN).map((item) => (
        <li key={`${item.api} ${item.window}`}>
          <span className="mono">{item.api}</span>: {what(item)}
          {item.at !== null && `, starting ${utc(item.at)}`}
        </li>
      ))}
      {items.length > MOST_SHOWN && <li>and {count(items.length - MOST_SHOWN)} more</li>}
    </ul>
  );
}

function what({ why, window, from, to }: Lowered): string {
  const length = window === 'minute' ? 'in any 60 s' : 'in any hour';
  if (why === 'blocked') return `blocked, ${count(from)} → 0 ${length}`;
  if (why === 'hourBelowMinute') return `${count(to)} ${length}, less than the limit in any 60 s`;
  return `${count(from)} → ${count(to)} ${length}`;
}

export interface ConfirmProps {
  readonly title: string;
  readonly label: string;
  readonly confirmed: boolean;
  readonly onConfirm: (confirmed: boolean) => void;
  /** The person tried to save without confirming. */
  readonly missing: boolean;
  readonly children: ReactNode;
}

/** Something that a person must confirm before the form can be saved. */
export function ConfirmBox({ title, label, confirmed, onConfirm, missing, children }: ConfirmProps) {
  return (
    <Alert color="orange" role="status" title={title}>
      <Stack gap="xs">
        {children}
        <Checkbox
          label={label}
          checked={confirmed}
          onChange={({ currentTarget }) => onConfirm(currentTarget.checked)}
          error={missing && !confirmed ? 'Check this box to save' : undefined}
        />
      </Stack>
    </Alert>
  );
}

/** The limits that a refused change would lower; undefined: it was refused for another reason, or not at all. */
export function loweringOf(error: Error | null): readonly Lowered[] | undefined {
  return error instanceof ApiError ? error.problem.lowering : undefined;
}

export interface LoweringNoteProps {
  readonly items: readonly Lowered[];
  readonly saving: boolean;
  readonly onLower: () => void;
}

/** A change that was refused because it lowers limits, and the button that makes it anyway. */
export function LoweringNote({ items, saving, onLower }: LoweringNoteProps) {
  const { title, confirm } = loweringWords(items);
  return (
    <Alert color="orange" role="alert" title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">Nothing has been saved yet.</Text>
        <LoweringList items={items} />
        <Button size="compact-sm" color="red" loading={saving} onClick={onLower}>
          {confirm}
        </Button>
      </Stack>
    </Alert>
  );
}
