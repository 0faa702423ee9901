/** What a contender asks of its store, counted from outside of it. */
import { Redis } from 'ioredis';
import pg from 'pg';

export interface StoreCalls {
  /** So far. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Decisions only, not what keeps house beside them. */
const DECISION = /rollgate\.acquire|INSERT INTO "rlf_/;

/** Of this process. The server's own statistics lag by a second and count housekeeping too. */
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

/** Scripts, of all clients: what each decision of the peers is. */
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
