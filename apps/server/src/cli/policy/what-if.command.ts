import { visibleText } from '@rollgate/contract';
import type { Command } from 'commander';
import { type WhatIfAnswer, type WhatIfRow, whatIf } from '../../usage/what-if/what-if.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { dimension, extra, factor, limit, past, planLimit } from './typed.js';

interface Flags {
  readonly api?: string;
  readonly group?: string;
  readonly subject?: Record<string, string>;
  readonly perMinute?: number | 'default';
  readonly perHour?: number | 'default';
  readonly factor?: number;
  readonly extraMinute?: number;
  readonly extraHour?: number;
  readonly limit?: object[];
  readonly since?: string;
  readonly by?: string;
  readonly account?: string;
  readonly rows: string;
  readonly json?: true;
}

const ONE_ACCOUNT = ['--account <account>', 'only the rows of this account'] as const;

export function addWhatIf(program: Command, cli: Cli): void {
  const parent = program
    .command('what-if')
    .description('which calls on record a change of limits would have decided differently; changes nothing');
  limited(parent.command('default').description('a changed default of an API or of a group'))
    .option(...ONE_ACCOUNT)
    .option('--api <api>')
    .option('--group <group>', 'every API of the group')
    .action((flags: Flags) => find(cli, { change: 'default' }, flags));
  common(parent.command('plan').description('changed limits of a plan').argument('<plan>'))
    .option(...ONE_ACCOUNT)
    .requiredOption(
      '--limit <scope:limits>',
      'all limits after the change: all:2x, group=<group>:600/min, api=<api>:300/min,9000/h; repeat for each',
      planLimit,
    )
    .action((plan: string, flags: Flags) => find(cli, { change: 'plan', plan }, flags));
  custom(parent.command('override').description('a new override of an account').argument('<account>'))
    .option('--api <api>', 'for one API')
    .option('--group <group>', 'for a group of APIs')
    .option('--subject <name=value>', 'for one subject of the API, e.g. bot=b-17; repeat for each dimension', dimension)
    .action((account: string, flags: Flags) => find(cli, { change: 'override', account }, flags));
  custom(parent.command('changed-override').description('other limits of a stored override').argument('<id>')).action(
    (override: string, flags: Flags) => find(cli, { change: 'override', override }, flags),
  );
}

function limited(command: Command): Command {
  return common(command)
    .option('--per-minute <units>', 'limit in any 60 s; 0 blocks; "default" removes it; if omitted, it stays', limit)
    .option('--per-hour <units>', 'limit in any hour; same values as --per-minute', limit);
}

function custom(command: Command): Command {
  return limited(command)
    .option('--factor <times>', "multiple of each API's own default, instead of limits", factor)
    .option('--extra-minute <units>', 'extra units: added to the effective limit in any 60 s, instead of limits', extra)
    .option('--extra-hour <units>', 'extra units: added to the effective limit in any hour, instead of limits', extra);
}

function common(command: Command): Command {
  return command
    .option('--since <time>', 'calls since then: 6h for the last 6 hours, or a time (default: the last 24 hours)', past)
    .option('--by <rows>', 'account or subject', 'account')
    .option('--rows <n>', 'maximum number of rows', '20')
    .option('--json', 'print JSON');
}

async function find(cli: Cli, change: Record<string, string>, flags: Flags): Promise<void> {
  const {
    rows,
    subject,
    limit: limits,
    perMinute,
    perHour,
    factor: times,
    extraMinute,
    extraHour,
    json,
    ...rest
  } = flags;
  const question = checked(whatIf, {
    ...change,
    ...rest,
    limit: rows,
    ...(subject === undefined ? {} : { dimensions: JSON.stringify(subject) }),
    ...(limits === undefined ? {} : { limits: JSON.stringify(limits) }),
    ...(perMinute === undefined ? {} : { perMinute: String(perMinute) }),
    ...(perHour === undefined ? {} : { perHour: String(perHour) }),
    ...(times === undefined ? {} : { factor: String(times) }),
    ...(extraMinute === undefined ? {} : { extraMinute: String(extraMinute) }),
    ...(extraHour === undefined ? {} : { extraHour: String(extraHour) }),
  });
  const answer = await atPolicyDesk(cli, (desk) => desk.whatIf.find(question));
  if (json) return printJson(cli, answer);
  for (const line of linesOf(answer)) cli.out(`${visibleText(line)}\n`);
}

function linesOf({ since, covered, totals, items, next }: WhatIfAnswer): string[] {
  const span = covered.complete
    ? `Calls since ${since}`
    : `Calls since ${covered.from} (earlier ones are not on record)`;
  return [
    `${span}: ${totals.subjects} subjects of ${totals.accounts} accounts get other limits, ${totals.affected} with an effect.`,
    `In total: ${countsText(totals)}`,
    ...(totals.notReplayed > 0
      ? [`${totals.notReplayed} denied calls are not replayed, because their record does not name the subject.`]
      : []),
    ...items.map(rowLine),
    ...(next === null ? [] : ['There are more: raise --rows, or use --json.']),
  ];
}

function rowLine(row: WhatIfRow): string {
  const limits = row.after === null ? '' : `${both(row.before)} -> ${both(row.after)}`;
  return [`  ${row.subject ?? row.account}`.padEnd(26), limits, countsText(row)].filter(Boolean).join('  ');
}

function countsText({
  stillAllowed,
  newlyDenied,
  denied,
  newlyAllowed,
  aboveNow,
}: Omit<WhatIfRow, 'subject'> | WhatIfAnswer['totals']): string {
  return [
    `${newlyDenied} of ${stillAllowed + newlyDenied} allowed calls would have been denied`,
    `${newlyAllowed} of ${denied} denied calls would have been allowed`,
    ...(aboveNow > 0 ? [`${aboveNow} above a new limit now`] : []),
  ].join(', ');
}

function both(limits: { perMinute: number; perHour: number } | null): string {
  return limits === null ? '' : `${limits.perMinute}/min,${limits.perHour}/h`;
}
