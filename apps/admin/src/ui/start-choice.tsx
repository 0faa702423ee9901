/** When something starts: now, or at a time of the person's own time zone. */
import { Stack, TextInput } from '@mantine/core';
import { Choice } from './forms.js';

export interface StartChoiceProps {
  readonly id: string;
  /** `''`: now; otherwise a time as the browser's field has it: `2026-03-02T09:00`. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The person chose a time. */
  readonly later: boolean;
  readonly onLater: (later: boolean) => void;
}

export function StartChoice({ id, value, onChange, later, onLater }: StartChoiceProps) {
  return (
    <Stack gap="xs">
      <Choice
        id={id}
        label="Starts"
        value={later ? 'later' : 'now'}
        onChange={(choice) => onLater(choice === 'later')}
        data={[
          { label: 'Now', value: 'now' },
          { label: 'At a time', value: 'later' },
        ]}
      />
      {later && (
        <TextInput
          type="datetime-local"
          label="Start"
          description="In your time zone."
          required
          value={value}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )}
    </Stack>
  );
}

/** The chosen start as an ISO time; undefined: now, or no time is typed yet. */
export function startsAtOf({ later, value }: { later: boolean; value: string }): string | undefined {
  const at = later ? new Date(value) : undefined;
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
