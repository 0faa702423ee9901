/** The most that the person's role may set. Above it the form sends a limit request. */
import { Alert, Text } from '@mantine/core';
import type { Preview } from '../../data/overrides.js';
import { count, many, WINDOWS } from '../../lib/format.js';

type Ceiling = Preview['ceiling'];

interface NewLimit {
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
  readonly factor?: number | null | undefined;
  /** null: without an expiry. */
  readonly hours: number | null;
}

export function isAboveApprovalLimit(ceiling: Ceiling, { perMinute, perHour, factor, hours }: NewLimit): boolean {
  const over = (value: number | null | undefined, most: number | null) =>
    value != null && most !== null && value > most;
  if (over(perMinute, ceiling.perMinute) || over(perHour, ceiling.perHour) || over(factor, ceiling.times)) return true;
  return ceiling.days !== null && (hours === null || hours > ceiling.days * 24);
}

/** Extra units count together with the limits under them, for each API. */
export function isAboveInEffect({ times }: Ceiling, preview: Preview | undefined): boolean {
  if (times === null || preview === undefined) return false;
  return preview.effects.some(
    ({ governs, after, default: byDefault }) =>
      governs && (after.perMinute > byDefault.perMinute * times || after.perHour > byDefault.perHour * times),
  );
}

export interface ApprovalLimitProps {
  readonly ceiling: Ceiling;
  readonly above: boolean;
  /** The scope holds several APIs, so the multiple matters first. */
  readonly several: boolean;
  /** A limit request can't ask for extra units. */
  readonly mayRequest: boolean;
}

export function ApprovalLimit({ ceiling, above, several, mayRequest }: ApprovalLimitProps) {
  const parts = partsOf(ceiling, several);
  if (parts === undefined) return <Note>Your role has no approval limit.</Note>;
  const others = ceiling.above.join(' or ') || 'admin';
  const text = `Your approval limit: ${parts}. The role ${others} can go higher.`;
  if (!above) return <Note>{text}</Note>;
  return (
    <Alert color="orange" title="Above your approval limit" role="status">
      {text}{' '}
      {mayRequest
        ? `This form will send a limit request instead, for the role ${others} to review.`
        : `Extra units can’t be requested: someone with the role ${others} has to grant them.`}
    </Alert>
  );
}

function Note({ children }: { children: string }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}

function partsOf({ perMinute, perHour, times, days }: Ceiling, several: boolean): string | undefined {
  if (perMinute === null && perHour === null && days === null) return undefined;
  return [
    several && times !== null ? `${times} × each default` : undefined,
    perMinute === null ? undefined : `${count(perMinute)} in ${WINDOWS.minute}`,
    perHour === null ? undefined : `${count(perHour)} in ${WINDOWS.hour}`,
    days === null ? undefined : `for ${many(days, 'day')}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}
