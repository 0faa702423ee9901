/** `npm run seed -- --days 30 --seed 1`. */
import { momentSchema } from '@rollgate/contract';
import { Command, InvalidArgumentError } from 'commander';

export interface SeedOptions {
  readonly days: number;
  readonly seed: number;
  /** The end of the month; the present by default. */
  readonly until: Date;
}

export function seedCommand(): Command {
  return new Command('seed')
    .description(
      'Fills an empty Rollgate database with a realistic month that ends now: traffic, denials, attacks, overrides, limit requests,\n' +
        'staff. Uses the database in DATABASE_URL; without it, the database of the running npm start.',
    )
    .option('--days <days>', 'number of days, from 1 to 60', wholeNumber({ least: 1, most: 60 }), 30)
    .option(
      '--seed <number>',
      'random seed: another number generates another month',
      wholeNumber({ least: 0, most: 4_294_967_295 }),
      1,
    )
    .option('--until <time>', 'end of the month, ISO 8601 (default: now)', parseTime);
}

function wholeNumber({ least, most }: { least: number; most: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

function parseTime(text: string): Date {
  const read = momentSchema.safeParse(text);
  if (!read.success || Date.parse(read.data) > Date.now())
    throw new InvalidArgumentError('It must be a past time like 2026-03-01T12:00:00Z.');
  return new Date(read.data);
}
