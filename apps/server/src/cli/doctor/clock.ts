import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** Decisions use only the database's clock. Tokens, logs and expiry dates that people type use this machine's. */
const MOST_MS = 1_000;
const SAMPLES = 5;

interface Sample {
  /** The database's clock minus this machine's: positive when the database is ahead. */
  readonly differenceMs: number;
  /** The true difference is within this range of it. */
  readonly uncertaintyMs: number;
}

/** `now`: this machine's clock, Unix ms. */
export async function checkClock(database: Queryable, now: () => number): Promise<Check> {
  const samples: Sample[] = [];
  for (let i = 0; i < SAMPLES; i++) samples.push(await sample(database, now));
  // The fastest response measures the difference most accurately.
  const { differenceMs, uncertaintyMs } = samples.reduce((a, b) => (b.uncertaintyMs < a.uncertaintyMs ? b : a));
  const apart = Math.abs(differenceMs);
  const found = {
    name: 'clock',
    detail: `the database is ${apart} ms ${differenceMs < 0 ? 'behind' : 'ahead of'} this machine (give or take ${uncertaintyMs} ms)`,
    facts: { differenceMs, uncertaintyMs },
  };
  if (apart - uncertaintyMs <= MOST_MS) return { ...found, status: 'ok' };
  return {
    ...found,
    status: 'error',
    meaning: 'Tokens, logs and end dates that people type go by this machine, limits by the database.',
    remedy: ['synchronize both clocks by NTP'],
  };
}

async function sample(database: Queryable, now: () => number): Promise<Sample> {
  const asked = now();
  const { rows } = await database.query<{ ms: number }>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms',
  );
  const answered = now();
  const { ms } = rows[0] as { ms: number };
  return {
    differenceMs: Math.round(ms - (asked + answered) / 2),
    uncertaintyMs: Math.ceil((answered - asked) / 2),
  };
}
