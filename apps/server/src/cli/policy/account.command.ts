import { visibleText } from '@rollgate/contract';
import type { Command } from 'commander';
import type { z } from 'zod';
import { accountParams, listUsage, type usageSchema } from '../../usage/accounts.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked } from './policy-desk.js';

type Usage = z.output<typeof usageSchema>;

interface Flags {
  readonly api?: string;
  readonly json?: true;
}

export function addAccount(program: Command, cli: Cli): void {
  const account = program.command('account').description('what an account uses');
  account
    .command('show')
    .description('live usage of every API and subject with traffic in the last hour; spends nothing')
    .argument('<account>')
    .option('--api <api>', 'only this API')
    .option('--json', 'print JSON')
    .action((name: string, flags: Flags) => show(cli, name, flags));
}

async function show(cli: Cli, name: string, { api, json }: Flags): Promise<void> {
  const { account } = checked(accountParams, { account: name });
  const { brief, usage } = await atPolicyDesk(cli, async ({ accounts, caller, record }) => {
    const query = checked(listUsage, { ...(api === undefined ? {} : { api }), limit: 500 });
    const found = { brief: await accounts.brief(account), usage: await accounts.usage(account, query, caller) };
    await record({ action: 'view_account', account, route: 'rollgate account show', filters: {} });
    return found;
  });
  if (json) return printJson(cli, { ...brief, ...usage });
  const { overridesInForce, openRequests, denialsLastHour } = brief;
  cli.out(
    `${visibleText(account)}: ${overridesInForce} overrides in force, ${openRequests} open requests, ${denialsLastHour} denied in the last hour\n`,
  );
  if (usage.items.length === 0) cli.out('No traffic in the last hour.\n');
  for (const item of usage.items) cli.out(`${line(item)}\n`);
  if (usage.next !== null) cli.out('There are more: use --json or the screens.\n');
}

function line({ api, dimensions, windows, source, nextAllowedAt, mode }: Usage): string {
  const subject = Object.entries(dimensions)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const used = `${windows.minute.used}/${windows.minute.limit} a minute, ${windows.hour.used}/${windows.hour.limit} an hour`;
  const next =
    nextAllowedAt === null
      ? 'blocked'
      : windows.minute.remaining > 0 && windows.hour.remaining > 0
        ? ''
        : `next call at ${nextAllowedAt}`;
  return [visibleText(`${api} ${subject}`).padEnd(40), used, source, mode === 'shadow' ? 'shadow' : '', next]
    .filter(Boolean)
    .join('  ');
}
