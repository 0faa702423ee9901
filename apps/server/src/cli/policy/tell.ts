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
}

/** `300 a minute, default an hour`, or `2 times the default`. */
export function limitsText({ perMinute, perHour, factor }: Limits): string {
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
