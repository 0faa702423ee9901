/** `npm run seed`: fills an empty database with a realistic month. Exit codes are those of the command line. */
import { readFileSync } from 'node:fs';
import { readDatabaseAddress } from '@rollgate/contract/database-address';
import { SettingsError } from '@rollgate/contract/environment';
import { PreflightError } from '@rollgate/migrations';
import { CommanderError } from 'commander';
import { type SeedOptions, seedCommand } from './options.js';
import { type Seeded, seedDatabase } from './seed-database.js';

try {
  const command = seedCommand().exitOverride();
  command.parse(process.argv);
  const options = command.opts<Omit<SeedOptions, 'until'> & { until?: Date }>();
  const started = performance.now();
  const { databaseUrl } = readDatabaseAddress({
    environment: process.env,
    readFile: (file) => readFileSync(file, 'utf8'),
  });
  const seeded = await seedDatabase(databaseUrl, { ...options, until: options.until ?? new Date() });
  for (const line of linesOf(seeded, performance.now() - started)) console.log(line);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    for (const line of failureLines(error)) console.error(`rollgate: ${line}`);
    process.exitCode = 1;
  }
}

/** The lines of an error for the terminal, without its stack. */
function failureLines(error: unknown): readonly string[] {
  if (error instanceof SettingsError || error instanceof PreflightError) return error.lines;
  return (error as Error).message.split('\n', 1);
}

function linesOf({ from, until, accounts, events, changes, people, password }: Seeded, tookMs: number): string[] {
  return [
    `Filled ${from.toISOString().slice(0, 10)} to ${until.toISOString().slice(0, 16)}Z in ${(tookMs / 1_000).toFixed(1)} s: ${accounts} accounts, ${events} limit events, ${changes} changes in the history.`,
    `Staff: ${people.map(({ login, role }) => `${login} (${role})`).join(', ')}`,
    `  all with the password ${password} (shown this once)`,
  ];
}
