/**
 * Child process: one instance that sees very many subjects. A tenth of them call twice; the second call is denied, and the denial
 * is remembered. Some subjects are at their limit before the others come, and must still be limited afterward.
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
  readonly allowed: number;
  readonly worstMs: number;
  /** Second calls of the subjects that were at their limit: how many were denied, and how many were allowed. */
  readonly deniedAgain: number;
  readonly released: number;
  readonly heapMb: number;
  readonly residentMb: number;
}

const WAVE = 2_000;
const LIMITED = 100;
const ACCOUNTS = 500;
/** Subjects of the warm-up, so that buffers and compiled code do not look like a leak. */
const WARM_UP = 30_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const job = JSON.parse(process.argv[2] ?? '{}') as CrowdJob;
process.stdin.on('end', () => process.exit(1)).resume();

// One unit per hour: no limited subject gets units back while this runs.
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
const totals = { calls: 0, allowed: 0, worstMs: 0 };

async function call(bot: string, account: string): Promise<boolean> {
  const startedAt = performance.now();
  const { allowed } = await limiter.acquire({ account, api: 'chaos', dimensions: { bot } });
  totals.worstMs = Math.max(totals.worstMs, performance.now() - startedAt);
  totals.calls++;
  if (allowed) totals.allowed++;
  return allowed;
}

async function crowd(name: string, subjects: number): Promise<void> {
  for (let first = 0; first < subjects; first += WAVE) {
    const wave = Array.from({ length: Math.min(WAVE, subjects - first) }, (_, i) => first + i);
    await Promise.all(wave.map((i) => call(`${name}${i}`, `a${i % ACCOUNTS}`)));
    await Promise.all(wave.filter((i) => i % 10 === 0).map((i) => call(`${name}${i}`, `a${i % ACCOUNTS}`)));
  }
}

const limited = Array.from({ length: LIMITED }, (_, i) => `limited-${i}`);
await Promise.all(limited.map((bot) => call(bot, 'acme')));
await crowd('warm', WARM_UP);
collect();
const before = process.memoryUsage();
await crowd('b', job.subjects);
const again = await Promise.all(limited.map((bot) => call(bot, 'acme')));
collect();
const after = process.memoryUsage();
const released = again.filter((allowed) => allowed).length;
const megabytes = (bytes: number) => Math.round(bytes / (1 << 20));
const result: CrowdResult = {
  ...totals,
  worstMs: Math.round(totals.worstMs),
  released,
  deniedAgain: again.length - released,
  heapMb: megabytes(after.heapUsed - before.heapUsed),
  residentMb: megabytes(after.rss - before.rss),
};
await limiter.close();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
