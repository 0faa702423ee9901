/**
 * Child: one instance that hears of very many subjects. A tenth of them ask twice, and are denied and remembered; some are
 * limited before the crowd comes, and must be limited after it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter } from '@rollgate/limiter';

export interface CrowdJob {
  readonly databaseUrl: string;
  readonly subjects: number;
}

export interface CrowdResult {
  readonly calls: number;
  readonly admitted: number;
  readonly worstMs: number;
  /** Of them that were limited before, asked again. */
  readonly deniedAgain: number;
  readonly released: number;
  readonly heapMb: number;
  readonly residentMb: number;
}

const WAVE = 2_000;
const LIMITED = 100;
const ACCOUNTS = 500;
/** A tenth of the size is warmed up with, so that buffers and compiled code are not taken for a leak. */
const WARM_UP = 30_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const job = JSON.parse(process.argv[2] ?? '{}') as CrowdJob;
process.stdin.on('end', () => process.exit(1)).resume();

// A limit that no waiting lifts while this runs: one an hour.
const limits = { perMinute: 1, perHour: 1 };
const limiter = createPostgresLimiter({
  databaseUrl: job.databaseUrl,
  catalogue: new Catalogue([
    { id: 'chaos', title: 'Chaos', level: ['bot'], limits, apis: [{ id: 'chaos', title: 'Chaos' }] },
  ]),
  janitor: false,
  outage: false,
  events: { maxRows: 2_000 },
});
const told = { calls: 0, admitted: 0, worstMs: 0 };

async function ask(bot: string, account: string): Promise<boolean> {
  const startedAt = performance.now();
  const { allowed } = await limiter.acquire({ account, api: 'chaos', dimensions: { bot } });
  told.worstMs = Math.max(told.worstMs, performance.now() - startedAt);
  told.calls++;
  if (allowed) told.admitted++;
  return allowed;
}

async function crowd(name: string, subjects: number): Promise<void> {
  for (let first = 0; first < subjects; first += WAVE) {
    const wave = Array.from({ length: Math.min(WAVE, subjects - first) }, (_, i) => first + i);
    await Promise.all(wave.map((i) => ask(`${name}${i}`, `a${i % ACCOUNTS}`)));
    await Promise.all(wave.filter((i) => i % 10 === 0).map((i) => ask(`${name}${i}`, `a${i % ACCOUNTS}`)));
  }
}

const limited = Array.from({ length: LIMITED }, (_, i) => `limited-${i}`);
await Promise.all(limited.map((bot) => ask(bot, 'acme')));
await crowd('warm', WARM_UP);
collect();
const before = process.memoryUsage();
await crowd('b', job.subjects);
const again = await Promise.all(limited.map((bot) => ask(bot, 'acme')));
collect();
const after = process.memoryUsage();
const released = again.filter((allowed) => allowed).length;
const megabytes = (bytes: number) => Math.round(bytes / (1 << 20));
const result: CrowdResult = {
  ...told,
  worstMs: Math.round(told.worstMs),
  released,
  deniedAgain: again.length - released,
  heapMb: megabytes(after.heapUsed - before.heapUsed),
  residentMb: megabytes(after.rss - before.rss),
};
await limiter.close();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
