import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { connect, describeDatabase, migrate, type RoleMode } from '@rollgate/migrations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type MigrationState, readMigrationState } from '../../database/schema-state.js';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';

interface MigrateFlags {
  readonly status?: true;
  readonly json?: true;
  readonly roles?: RoleMode;
  readonly lockTimeout: number;
  readonly repairAccess?: true;
}

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description('bring the database up to date; safe while instances serve, and when several start it at once')
    .option('--status', 'only report what is applied and what is not')
    .addOption(
      new Option(
        '--roles <mode>',
        'own: rollgate_owner owns everything and groups have the rights; none: make no roles (default: as before, own for a new database)',
      ).choices(['own', 'none']),
    )
    .addOption(
      new Option('--lock-timeout <seconds>', 'how long to wait for another migration or a table in use')
        .argParser(seconds)
        .default(60),
    )
    .option(
      '--repair-access',
      'create roles and grants again even if nothing is pending, e.g. after a restore on another server',
    )
    .option('--json', 'print JSON')
    .action((flags: MigrateFlags) => runMigrate(cli, flags));
}

function seconds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 86_400) throw new InvalidArgumentError('It must be a whole number of seconds, 1 to 86400.');
  return value;
}

async function runMigrate(cli: Cli, { status, json, roles, lockTimeout, repairAccess }: MigrateFlags): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  const { databaseUrl } = address;
  const warnings: string[] = [];
  const work = {
    ...address,
    roles,
    lockTimeoutMs: lockTimeout * 1_000,
    repairAccess: repairAccess === true,
    onProgress: (line: string) => (json ? undefined : cli.out(`${line}\n`)),
    onWarning: (line: string) => {
      warnings.push(line);
      cli.err(`rollgate: warning: ${line}\n`);
    },
  };
  const appliedNow = status ? [] : await migrate(work);
  const state = await stateOf(address);
  const told = { database: describeDatabase(databaseUrl), ...(!status && { appliedNow, warnings }), ...state };
  if (json) printJson(cli, told);
  else if (status) for (const line of statusLines(state)) cli.out(`${line}\n`);
  else cli.out(`${describeDatabase(databaseUrl)} is up to date: ${state.applied.join(', ')}\n`);
}

async function stateOf(address: DatabaseAddress): Promise<MigrationState> {
  const client = await connect(address);
  try {
    return await readMigrationState(client);
  } finally {
    await client.end();
  }
}

function statusLines({ applied, pending, unknown }: MigrationState): string[] {
  return [
    ...applied.map((name) => `applied  ${name}${unknown.includes(name) ? '  (of a newer Rollgate)' : ''}`),
    ...pending.map((name) => `pending  ${name}`),
  ];
}
