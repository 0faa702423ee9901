/** Parts of forms that several screens have. */
import { Group, NumberInput, SegmentedControl, Text, Textarea } from '@mantine/core';
import type { ReactNode } from 'react';

/** As typed; empty: none. */
export type Typed = number | string;

export const toLimit = (typed: Typed): number | null => (typed === '' ? null : Number(typed));

export interface LimitFieldsProps {
  readonly minute: Typed;
  readonly hour: Typed;
  readonly onMinute: (value: Typed) => void;
  readonly onHour: (value: Typed) => void;
  /** What an empty field means. */
  readonly empty?: string;
}

export function LimitFields({ minute, hour, onMinute, onHour, empty = 'default' }: LimitFieldsProps) {
  const same = {
    min: 0,
    allowDecimal: false,
    allowNegative: false,
    thousandSeparator: ',',
    placeholder: empty,
  } as const;
  return (
    <Group grow align="flex-start">
      <NumberInput {...same} label="In any 60 s" value={minute} onChange={onMinute} />
      <NumberInput {...same} label="In any hour" value={hour} onChange={onHour} />
    </Group>
  );
}

export interface ReasonProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label?: string;
  readonly description?: string;
  /** It was tried without. */
  readonly missing: boolean;
  readonly autoFocus?: boolean;
}

export function ReasonField({ value, onChange, label = 'Reason', description, missing, autoFocus }: ReasonProps) {
  return (
    <Textarea
      label={label}
      description={description}
      required
      autosize
      minRows={2}
      maxLength={2_000}
      data-autofocus={autoFocus || undefined}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={missing && value.trim() === '' ? `${label} is needed` : undefined}
    />
  );
}

export interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly data: { label: ReactNode; value: string }[];
}

export function Choice({ id, label, value, onChange, data }: ChoiceProps) {
  return (
    <div>
      <Text size="sm" fw={500} id={id}>
        {label}
      </Text>
      <SegmentedControl aria-labelledby={id} fullWidth value={value} onChange={onChange} data={data} />
    </div>
  );
}
