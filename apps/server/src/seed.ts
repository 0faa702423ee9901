/** `npm run seed`: fills an empty database with a realistic month. Exit codes are those of the command line. */
import { CommanderError } from 'commander';
import { failureLines } from './failure-lines.js';
import { type SeedOptions, seedCommand } from './seed/options.js';
import { type Seeded, seedDatabase } from './seed/seed-database.js';
import { readDatabaseAddress } from './settings.js';

try {
  const command = seedCommand().exitOverride();
  command.parse(process.argv);
  const options = command.opts<Omit<SeedOptions, 'until'> & { until?: Date }>();
  const started = performance.now();
  const seeded = await seedDatabase(readDatabaseAddress(process.env).databaseUrl, {
    ...options,
    until: options.until ?? new Date(),
  });
  for (const line of linesOf(seeded, performance.now() - started)) console.log(line);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    for (const line of failureLines(error)) console.error(`rollgate: ${line}`);
    process.exitCode = 1;
  }
}

function linesOf({ from, until, accounts, events, changes, people, password }: Seeded, tookMs: number): string[] {
  return [
    `Filled ${from.toISOString().slice(0, 10)} to ${until.toISOString().slice(0, 16)}Z in ${(tookMs / 1_000).toFixed(1)} s: ${accounts} accounts, ${events} limit events, ${changes} changes in the history.`,
    `Staff: ${people.map(({ login, role }) => `${login} (${role})`).join(', ')}`,
    `  all with the password ${password} (shown this once)`,
  ];
}
