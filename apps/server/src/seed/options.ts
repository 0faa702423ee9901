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
      'Fills an empty database of Rollgate with a believable month that ends now: traffic, denials, attacks, overrides, requests,\n' +
        'staff. DATABASE_URL says which one; without it, that of the running npm start.',
    )
    .option('--days <days>', 'so many days, from 1 to 60', wholeNumber({ least: 1, most: 60 }), 30)
    .option('--seed <number>', 'another number makes another month', wholeNumber({ least: 0, most: 4_294_967_295 }), 1)
    .option('--until <time>', 'its last moment, ISO 8601; now by default', parseTime);
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
