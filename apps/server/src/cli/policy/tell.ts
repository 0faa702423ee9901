/** Output of commands about limits. */
import { visibleText } from '@rollgate/contract';
import type { Lowered } from '../../database/refusals.js';
import type { Warning } from '../../limiting/limits.schemas.js';
import { loweredLines } from '../../policy/lowered-lines.js';
import type { Cli } from '../cli.js';

interface Limits {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly factor: number | null;
  readonly extraMinute?: number | null;
  readonly extraHour?: number | null;
}

/** `300 a minute, default an hour`, `2 times the default`, or `+500 per hour`. */
export function limitsText({ perMinute, perHour, factor, extraMinute = null, extraHour = null }: Limits): string {
  const added = [
    ...(extraMinute === null ? [] : [`+${extraMinute} per minute`]),
    ...(extraHour === null ? [] : [`+${extraHour} per hour`]),
  ];
  if (added.length > 0) return added.join(', ');
  if (factor !== null) return `${factor} times the default`;
  return `${perMinute ?? 'default'} a minute, ${perHour ?? 'default'} an hour`;
}

/** What a change lowered, and its warnings. */
export function tellConsequences(
  cli: Cli,
  { lowered, warnings = [] }: { lowered: readonly Lowered[]; warnings?: readonly Warning[] },
): void {
  for (const line of loweredLines(lowered)) cli.out(`  ${line}\n`);
  for (const { message } of warnings) cli.err(`rollgate: warning: ${visibleText(message)}\n`);
}
