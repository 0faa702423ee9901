/** When something expires: after one of some durations, or never. */
import { serverNow } from '../lib/clock.js';
import { inHours } from '../lib/format.js';
import { Choice } from './forms.js';

/** The choice without an end. Every other one is a number of hours. */
export const NEVER = 'never';

const NAMES = { 1: '1 h', 24: '24 h', 168: '7 d', 720: '30 d', 2160: '90 d', 8760: '1 year' } as const;

export interface ExpiryChoiceProps {
  readonly id: string;
  readonly label?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The durations, in hours. */
  readonly hours: readonly (keyof typeof NAMES)[];
  /** A choice before the durations. */
  readonly first?: { readonly label: string; readonly value: string } | undefined;
  readonly mayBeNever: boolean;
}

export function ExpiryChoice({ hours, first, mayBeNever, label = 'Expires after', ...choice }: ExpiryChoiceProps) {
  return (
    <Choice
      {...choice}
      label={label}
      data={[
        ...(first === undefined ? [] : [first]),
        ...hours.map((n) => ({ label: NAMES[n], value: String(n) })),
        ...(mayBeNever ? [{ label: 'Never', value: NEVER }] : []),
      ]}
    />
  );
}

/** The chosen time, counted from now; null: never. */
export const expiresAtOf = (choice: string): string | null =>
  choice === NEVER ? null : inHours(Number(choice), serverNow());
