/** All contenders by name. A process loads only the contender that it runs, so it does not load the packages of the others. */
import type { Contender, ContenderOptions } from './contender.js';
import type { YardstickName } from './yardsticks.js';

/** Names of the contenders in tables. */
export const LABELS = {
  rollgate: 'Rollgate',
  'rlf-postgres': 'rate-limiter-flexible, Postgres',
  'rlf-redis': 'rate-limiter-flexible, Redis',
  'rlf-redis-durable': 'rate-limiter-flexible, Redis, every allowed call durable',
  'throttler-redis': '@nestjs/throttler storage, Redis',
  'express-postgres': 'express-rate-limit store, Postgres',
  'bare-update': 'yardstick: a bare durable row update in Postgres, batched like Rollgate',
  'fixed-windows': 'yardstick: two fixed windows in one narrow row, batched like Rollgate',
  'fixed-windows-by-second': 'yardstick: the same, with units kept by second',
  'head-update': 'yardstick: an update of the row that Rollgate updates, by no rule',
  'select-1': 'yardstick: SELECT 1',
  'select-1-commit': 'yardstick: SELECT 1 and a durable commit',
} as const;

export type ContenderName = keyof typeof LABELS;

/** The contenders that are rate limiters, best known first. */
export const LIMITERS: readonly ContenderName[] = [
  'rollgate',
  'rlf-postgres',
  'rlf-redis',
  'rlf-redis-durable',
  'throttler-redis',
  'express-postgres',
];

/**
 * Rollgate with a simpler function in place of its decision: upper bounds for any design that updates a row per allowed call.
 */
export const FUNCTION_YARDSTICKS: readonly ContenderName[] = [
  'bare-update',
  'fixed-windows',
  'fixed-windows-by-second',
  'head-update',
];

export async function createContender(name: ContenderName, options: ContenderOptions): Promise<Contender> {
  switch (name) {
    case 'rollgate':
      return new (await import('./rollgate.js')).Rollgate(options);
    case 'rlf-postgres':
      return new (await import('./rlf-postgres.js')).RlfPostgres(options);
    case 'rlf-redis':
    case 'rlf-redis-durable':
      return new (await import('./rlf-redis.js')).RlfRedis(options);
    case 'throttler-redis':
      return new (await import('./throttler-redis.js')).ThrottlerRedis(options);
    case 'express-postgres':
      return new (await import('./express-postgres.js')).ExpressPostgres(options);
    case 'bare-update':
    case 'fixed-windows':
    case 'fixed-windows-by-second':
    case 'head-update':
      return new (await import('./yardstick-functions.js')).WithFunction(name, options);
    default:
      return new (await import('./yardsticks.js')).Yardstick(name satisfies YardstickName, options);
  }
}
