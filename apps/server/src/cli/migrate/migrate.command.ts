import { connect, describeDatabase, migrate } from '@rollgate/migrations';
import type { Command } from 'commander';
import type { DatabaseAddress } from '../../database/database-address.js';
import { type MigrationState, readMigrationState } from '../../database/schema-state.js';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';

interface MigrateFlags {
  readonly status?: true;
  readonly json?: true;
}

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description('bring the database up to date; safe while nodes serve, and for several nodes at once')
    .option('--status', 'only tell what is applied and what is not')
    .option('--json', 'print JSON')
    .action((flags: MigrateFlags) => runMigrate(cli, flags));
}

async function runMigrate(cli: Cli, { status, json }: MigrateFlags): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  const { databaseUrl } = address;
  const onProgress = (line: string) => (json ? undefined : cli.out(`${line}\n`));
  const appliedNow = status ? [] : await migrate({ ...address, onProgress });
  const state = await stateOf(address);
  if (json) printJson(cli, { database: describeDatabase(databaseUrl), ...(!status && { appliedNow }), ...state });
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
