/** Counts the calls of a contender to its store, without changing the contender. */
import { Redis } from 'ioredis';
import pg from 'pg';

export interface StoreCalls {
  /** Number of store calls so far. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Matches statements that decide, not those of housekeeping. */
const DECISION = /rollgate\.acquire|INSERT INTO "rlf_/;

/** Counts the statements of this process. The server's statistics are a second late and include housekeeping. */
export function countStatements(): StoreCalls {
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const query = prototype.query;
  let calls = 0;
  prototype.query = function (this: unknown, ...args: unknown[]) {
    const [asked] = args as [string | { text?: string } | undefined];
    if (DECISION.test((typeof asked === 'string' ? asked : asked?.text) ?? '')) calls++;
    return query.apply(this, args);
  };
  return { count: async () => calls, close: async () => undefined };
}

/** Counts the Redis scripts of all clients. Each decision of the compared limiters is one or more scripts. */
export async function countScripts(port: number): Promise<StoreCalls> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true });
  await redis.connect();
  return {
    async count() {
      const stats = await redis.info('commandstats');
      return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce(
        (sum, found) => sum + Number(found[1]),
        0,
      );
    },
    async close() {
      await redis.quit();
    },
  };
}
