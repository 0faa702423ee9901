import { describeDatabase } from '@rollgate/migrations';
import type { Command } from 'commander';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';
import { type Check, type CheckStatus, worst } from './check.js';
import { examine } from './examine.js';

interface DoctorFlags {
  readonly json?: true;
  readonly strict?: true;
}

const EXIT_CODES = `
Exit code: 0 when there is no error (warnings are allowed unless --strict), 1 when there is one, 2 for a wrong command line.`;

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('check the database, its roles and settings, and say what to do; changes nothing, works on a standby')
    .option('--json', 'print JSON')
    .option('--strict', 'treat warnings like errors')
    .addHelpText('after', EXIT_CODES)
    .action((flags: DoctorFlags) => runDoctor(cli, flags));
}

async function runDoctor(cli: Cli, { json, strict }: DoctorFlags): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  const checks = await examine(address);
  const status = worst(checks.map((check) => check.status));
  if (status === 'error' || (strict && status === 'warning')) cli.found = 'something wrong';
  if (json) printJson(cli, { status, database: describeDatabase(address.databaseUrl), checks });
  else cli.out(`${[...checks.flatMap(linesOf), '', summary(checks)].join('\n')}\n`);
}

const MARGIN = ' '.repeat(30);

function linesOf({ name, status, detail, meaning, remedy = [], advice = [] }: Check): string[] {
  return [
    `${status.padEnd(8)}  ${name.padEnd(18)}  ${detail}`,
    ...(meaning === undefined ? [] : [`${MARGIN}${meaning}`]),
    ...remedy.map((line) => `${MARGIN}-> ${line}`),
    ...advice.map((line) => `${MARGIN}* ${line}`),
  ];
}

function summary(checks: readonly Check[]): string {
  const named = (wanted: CheckStatus) => checks.filter(({ status }) => status === wanted).map(({ name }) => name);
  const errors = named('error');
  const warnings = named('warning');
  const parts = [
    ...(errors.length === 0 ? [] : [`Errors: ${errors.join(', ')}.`]),
    ...(warnings.length === 0 ? [] : [`Warnings: ${warnings.join(', ')}.`]),
  ];
  return parts.length === 0 ? 'No problem found.' : parts.join(' ');
}
