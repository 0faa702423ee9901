import { visibleText } from '@rollgate/contract';
import type { Command } from 'commander';
import { resetParams, resetWindows } from '../../policy/resets/resets.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { dimension } from './typed.js';
import { addWhich } from './which.command.js';

interface ResetFlags {
  readonly api: string;
  readonly subject?: Record<string, string>;
  readonly reason: string;
  readonly ticket?: string;
  readonly json?: true;
}

export function addLimit(program: Command, cli: Cli): void {
  const limit = program.command('limit').description('the limits that calls meet, and what counts toward them');
  addWhich(limit, cli);
  limit
    .command('reset')
    .description(
      'empty both windows of one subject, or of every subject of an API; the history records what was forgiven',
    )
    .argument('<account>')
    .requiredOption('--api <api>', 'the API; one that is counted with its group stands for the group')
    .option('--subject <name=value>', 'only one subject, e.g. bot=b-17; repeat for each dimension', dimension)
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--ticket <id>')
    .option('--json', 'print JSON')
    .action((account: string, flags: ResetFlags) => reset(cli, account, flags));
}

async function reset(cli: Cli, name: string, { api, subject, reason, ticket, json }: ResetFlags): Promise<void> {
  const { account } = checked(resetParams, { account: name });
  const input = checked(resetWindows, {
    api,
    reason,
    ...(subject === undefined ? {} : { dimensions: subject }),
    ...(ticket === undefined ? {} : { ticket }),
  });
  const done = await atPolicyDesk(cli, ({ resets, caller }) => resets.reset(account, input, caller));
  if (json) return printJson(cli, done);
  const of = `${done.subjects} ${done.subjects === 1 ? 'subject' : 'subjects'} of ${api} for ${visibleText(account)}`;
  cli.out(
    `Reset the windows of ${of}: ${done.minuteUsed} units in 60 s and ${done.hourUsed} in an hour are forgiven.\n`,
  );
}
