/** Parts of forms that several screens have. */
import { Group, NumberInput, SegmentedControl, Text, Textarea } from '@mantine/core';
import { MAX_FACTOR } from '@rollgate/contract/units';
import type { ReactNode } from 'react';

/** As typed; empty: none. */
export type Typed = number | string;

/** Only what was typed: an empty field keeps what is in force. */
export function typedLimits({ minute, hour }: { minute: Typed; hour: Typed }): {
  perMinute?: number;
  perHour?: number;
} {
  return {
    ...(minute === '' ? {} : { perMinute: Number(minute) }),
    ...(hour === '' ? {} : { perHour: Number(hour) }),
  };
}

export const toLimit = (typed: Typed): number | null => (typed === '' ? null : Number(typed));

export interface LimitFieldsProps {
  readonly minute: Typed;
  readonly hour: Typed;
  readonly onMinute: (value: Typed) => void;
  readonly onHour: (value: Typed) => void;
  /** What an empty field means. */
  readonly empty?: string;
  readonly error?: string | undefined;
}

export function LimitFields({ minute, hour, onMinute, onHour, empty = 'default', error }: LimitFieldsProps) {
  const same = {
    min: 0,
    allowDecimal: false,
    allowNegative: false,
    thousandSeparator: ',',
    placeholder: empty,
  } as const;
  return (
    <Group grow align="flex-start">
      <NumberInput
        {...same}
        label="In any 60 s"
        data-raise="perMinute"
        value={minute}
        onChange={onMinute}
        error={error}
      />
      <NumberInput {...same} label="In any hour" value={hour} onChange={onHour} />
    </Group>
  );
}

export interface FactorProps {
  readonly label?: string;
  readonly value: Typed;
  readonly onChange: (value: Typed) => void;
  readonly error?: string | undefined;
}

/** Times each API's own default: the bounds are those of the API. */
export function FactorField({ label = 'Times each API’s default', value, onChange, error }: FactorProps) {
  return (
    <NumberInput
      label={label}
      description="Both limits of each API, rounded up."
      data-raise="factor"
      value={value}
      onChange={onChange}
      min={0.001}
      max={MAX_FACTOR}
      decimalScale={3}
      allowNegative={false}
      error={error}
    />
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
