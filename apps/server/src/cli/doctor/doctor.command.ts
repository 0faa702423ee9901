import { describeDatabase } from '@rollgate/migrations';
import type { Command } from 'commander';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';
import type { Check } from './check.js';
import { examine } from './examine.js';

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('look for what is wrong with the database, and say what to do; changes nothing')
    .option('--json', 'print JSON')
    .action((flags: { readonly json?: true }) => runDoctor(cli, flags));
}

async function runDoctor(cli: Cli, { json }: { readonly json?: true }): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  const checks = await examine(address);
  const wrong = checks.filter(({ ok }) => !ok);
  if (wrong.length > 0) cli.found = 'something wrong';
  if (json) printJson(cli, { ok: wrong.length === 0, database: describeDatabase(address.databaseUrl), checks });
  else cli.out(`${[...checks.flatMap(linesOf), '', summary(wrong)].join('\n')}\n`);
}

function linesOf({ name, ok, detail, remedy }: Check): string[] {
  const found = `${ok ? 'ok   ' : 'WRONG'}  ${name.padEnd(18)}  ${detail}`;
  return remedy === undefined ? [found] : [found, `${' '.repeat(27)}-> ${remedy}`];
}

function summary(wrong: readonly Check[]): string {
  return wrong.length === 0 ? 'All is well.' : `Something is wrong: ${wrong.map(({ name }) => name).join(', ')}.`;
}
