/** Fields that several forms have. `data-field` is how a form finds the field to focus. */
import { Group, NumberInput, SegmentedControl, Text, Textarea, TextInput } from '@mantine/core';
import { MAX_FACTOR } from '@rollgate/contract/units';
import { type ReactNode, useState } from 'react';

/** The content of a number field; an empty text means that nothing is typed. */
export type Typed = number | string;

/** The limits that were typed. An empty field is left out: that window keeps its current limit. */
export function typedLimits({ minute, hour }: { minute: Typed; hour: Typed }): {
  perMinute?: number;
  perHour?: number;
} {
  return {
    ...(minute === '' ? {} : { perMinute: Number(minute) }),
    ...(hour === '' ? {} : { perHour: Number(hour) }),
  };
}

/** The extra units that were typed. An empty field is left out: that window gets none. */
export function typedExtra({ minute, hour }: { minute: Typed; hour: Typed }): {
  extraMinute?: number;
  extraHour?: number;
} {
  return {
    ...(minute === '' ? {} : { extraMinute: Number(minute) }),
    ...(hour === '' ? {} : { extraHour: Number(hour) }),
  };
}

/** null, for an empty field, means the default limit, or no extra units. */
export const toLimit = (typed: Typed): number | null => (typed === '' ? null : Number(typed));

export interface LimitFieldsProps {
  readonly minute: Typed;
  readonly hour: Typed;
  readonly onMinute: (value: Typed) => void;
  readonly onHour: (value: Typed) => void;
  /** The placeholder of an empty field: what it means. */
  readonly empty?: string;
  readonly error?: string | undefined;
}

const UNITS = { min: 0, allowDecimal: false, allowNegative: false, thousandSeparator: ',' } as const;

export function LimitFields({ minute, hour, onMinute, onHour, empty = 'Default limit', error }: LimitFieldsProps) {
  return (
    <Group grow align="flex-start">
      <NumberInput
        {...UNITS}
        label="Limit in any 60 s"
        placeholder={empty}
        data-field="limit"
        value={minute}
        onChange={onMinute}
        error={error}
      />
      <NumberInput {...UNITS} label="Limit in any hour" placeholder={empty} value={hour} onChange={onHour} />
    </Group>
  );
}

/** Units added to the limits that apply without them. */
export function ExtraFields({ minute, hour, onMinute, onHour, error }: Omit<LimitFieldsProps, 'empty'>) {
  const same = { ...UNITS, min: 1, placeholder: 'None' };
  return (
    <Group grow align="flex-start">
      <NumberInput
        {...same}
        label="Extra units in any 60 s"
        data-field="limit"
        value={minute}
        onChange={onMinute}
        error={error}
      />
      <NumberInput {...same} label="Extra units in any hour" value={hour} onChange={onHour} />
    </Group>
  );
}

export interface FactorProps {
  readonly label?: string;
  readonly value: Typed;
  readonly onChange: (value: Typed) => void;
  readonly error?: string | undefined;
}

/** A multiple of each API's own default. */
export function FactorField({ label = 'Multiple of each API’s default', value, onChange, error }: FactorProps) {
  return (
    <NumberInput
      label={label}
      description="Applies to both limits of each API, rounded up."
      data-field="limit"
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

/** The state of a required reason. */
export function useReason() {
  const [value, onChange] = useState('');
  const [missing, setMissing] = useState(false);
  const text = value.trim();
  return {
    text,
    /** For `ReasonField`. */
    field: { value, onChange, missing },
    /** Returns whether a reason is given; if not, the field says so from now on. */
    check: (): boolean => {
      setMissing(true);
      return text !== '';
    },
  };
}

export interface ReasonProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly description?: string;
  /** The person tried to save without a reason. */
  readonly missing: boolean;
  readonly autoFocus?: boolean;
  readonly required?: boolean;
}

export function ReasonField({ value, onChange, description, missing, autoFocus, required = true }: ReasonProps) {
  return (
    <Textarea
      label="Reason"
      description={description}
      data-field="reason"
      required={required}
      autosize
      minRows={2}
      maxLength={2_000}
      data-autofocus={autoFocus || undefined}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={missing && value.trim() === '' ? 'Enter a reason' : undefined}
    />
  );
}

export function TicketField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <TextInput
      label="Ticket"
      placeholder="SUP-1234"
      maxLength={128}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
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
