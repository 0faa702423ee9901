import type { Command } from 'commander';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk } from './policy-desk.js';

export function addAudit(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('the history of every change')
    .command('verify')
    .description('verify the hash chain, or name the first row that breaks it')
    .option('--json', 'print JSON')
    .action((flags: { readonly json?: true }) => verify(cli, flags));
}

async function verify(cli: Cli, { json }: { readonly json?: true }): Promise<void> {
  const found = await atPolicyDesk(cli, ({ history }) => history.verify());
  if (!found.ok) cli.found = 'something wrong';
  if (json) return printJson(cli, found);
  if (found.broken !== null) cli.out(`WRONG  row ${found.broken.id} of rollgate.history: ${found.broken.why}\n`);
  else
    cli.out(
      `ok     ${found.rowsChecked} rows; the last hash is ${found.lastHash || '(none)'}: keep it elsewhere to prove that none was taken off\n`,
    );
}
