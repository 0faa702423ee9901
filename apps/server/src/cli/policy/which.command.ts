import { visibleText } from '@rollgate/contract';
import type { Command } from 'commander';
import { type Candidate, type WhichAnswer, whichLimit } from '../../usage/which/which.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { limitsText } from './tell.js';
import { dimension, start } from './typed.js';

interface Flags {
  readonly account: string;
  readonly api: string;
  readonly subject?: Record<string, string>;
  readonly plan?: string;
  readonly at?: string;
  readonly json?: true;
}

/** Adds `which` to the command `limit`. */
export function addWhich(limit: Command, cli: Cli): void {
  limit
    .command('which')
    .description('which limit a call meets, and why every other rule does not apply; counts nothing')
    .requiredOption('--account <account>')
    .requiredOption('--api <api>')
    .option(
      '--subject <name=value>',
      'the subject of the call, e.g. bot=b-17; repeat for each dimension (default: one without an override of its own)',
      dimension,
    )
    .option('--plan <plan>', 'the plan that the call brings')
    .option('--at <time>', 'a delay like 2h, or a time like 2026-12-31T12:00:00Z (default: now)', start)
    .option('--json', 'print JSON')
    .action((flags: Flags) => which(cli, flags));
}

async function which(cli: Cli, { account, api, subject, plan, at, json }: Flags): Promise<void> {
  const question = checked(whichLimit, {
    account,
    api,
    ...(subject === undefined ? {} : { dimensions: JSON.stringify(subject) }),
    ...(plan === undefined ? {} : { plan }),
    ...(at === undefined ? {} : { at }),
  });
  const answer = await atPolicyDesk(cli, (desk) => desk.which.which(question, desk.caller));
  if (json) return printJson(cli, answer);
  for (const line of linesOf(answer)) cli.out(`${visibleText(line)}\n`);
}

function linesOf(answer: WhichAnswer): string[] {
  const { account, api, subject, applies, quarantine, windows, items, more } = answer;
  return [
    `${subject ?? `${account}, ${api}, any subject without an override of its own`}: ${both(applies)}, from ${applies.source}, ${applies.mode}`,
    ...(quarantine === null
      ? []
      : [`Until ${quarantine.until} half of it applies, ${both(quarantine)}: ${quarantine.reason}`]),
    ...(windows === null ? [] : [`Used now: ${windows.minute.used} a minute, ${windows.hour.used} an hour`]),
    ...items.map(candidateLine),
    ...(more ? ['There are more overrides for other subjects: use rollgate override list.'] : []),
  ];
}

function candidateLine({ source, group, api, dimensions, sets, code, why, mode, setsMode }: Candidate): string {
  const covers = [api ?? group ?? 'all APIs', ...Object.entries(dimensions ?? {}).map((pair) => pair.join('='))];
  const setting = code === 'no_row' || code === 'unknown_plan' || code === 'only_mode' ? '' : limitsText(sets);
  const note = mode === null ? '' : `${mode}${setsMode ? ' (sets the mode)' : ''}`;
  const mark = code === 'applies' ? '*' : ' ';
  return [`${mark} ${source.padEnd(12)}`, covers.join(' '), setting, note, why].filter(Boolean).join('  ');
}

function both({ perMinute, perHour }: { perMinute: number; perHour: number }): string {
  return `${perMinute} a minute, ${perHour} an hour`;
}
