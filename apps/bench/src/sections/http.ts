/** The cost of a guard on a NestJS route. */
import { fileURLToPath } from 'node:url';
import { type NodeProcess, spawnNode } from '@rollgate/testing';
import type { CannonJob, CannonResult } from '../children/cannon.js';
import { runChild } from '../children/run-child.js';
import type { AppJob } from '../http/app.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText, rounded } from '../report/numbers.js';
import type { SectionResult } from '../report/results.js';
import { type Bench, type Plan, type Step, takeTurns } from './bench.js';

type Adapter = AppJob['adapter'];
type Limiter = AppJob['limiter'];

// Enough connections that the two cores, not the wait for a flush, limit every variant.
const CONNECTIONS = 256;
/** Until V8 has compiled it, a NestJS application runs at a fraction of its speed. */
const LEAST_WARM_UP_SECONDS = 1;
/** Enough that opening the connections is a small part of the CPU time. */
const COUNTED_REQUESTS = 30_000;
const COUNTED_REQUESTS_QUICK = 2_000;
const ADAPTERS: readonly Adapter[] = ['fastify', 'express'];
const LIMITERS: Readonly<Record<Limiter, string>> = {
  none: 'unguarded',
  empty: 'yardstick: a guard that always allows',
  waiting: 'yardstick: a guard that waits 3 ms, then allows all waiting calls',
  'rollgate-memory': 'yardstick: Rollgate guard, counting in memory',
  rollgate: 'Rollgate guard',
  'throttler-memory': '@nestjs/throttler, in memory',
  'throttler-redis': '@nestjs/throttler, Redis',
};
const LEFT_OUT_WHEN_QUICK: readonly Limiter[] = ['throttler-redis', 'empty', 'waiting', 'rollgate-memory'];
const RATIOS: Readonly<Partial<Record<Limiter, string>>> = {
  none: 'guardedOverUnguarded',
  'throttler-memory': 'guardedOverThrottlerMemory',
  'throttler-redis': 'guardedOverThrottlerRedis',
};
const CPU_RATIOS: Readonly<Partial<Record<Limiter, string>>> = {
  rollgate: 'guardedOverUnguardedCpu',
  waiting: 'waitingGuardOverUnguardedCpu',
  'throttler-memory': 'throttlerMemoryOverUnguardedCpu',
  'throttler-redis': 'throttlerRedisOverUnguardedCpu',
};
const ENDINGS: Readonly<Record<Adapter, string>> = { fastify: 'Fastify', express: 'Express' };

interface Run {
  readonly adapter: Adapter;
  readonly limiter: Limiter;
}

interface Measured extends CannonResult {
  /** CPU time of the application's process per request, µs. */
  readonly cpuUs: number;
}

type Found = (adapter: Adapter, limiter: Limiter) => Measured[] | undefined;

export async function http(bench: Bench): Promise<SectionResult> {
  const limiters = (Object.keys(LIMITERS) as Limiter[]).filter(
    (name) => !bench.plan.quick || !LEFT_OUT_WHEN_QUICK.includes(name),
  );
  const runs = ADAPTERS.flatMap((adapter) => limiters.map((limiter): Run => ({ adapter, limiter })));
  const results = await takeTurns(bench, { steps: runs.map((run) => step(bench, run)), quickSeconds: 1 });
  const found: Found = (adapter, limiter) =>
    results[runs.findIndex((run) => run.adapter === adapter && run.limiter === limiter)];
  return {
    title: 'HTTP',
    what:
      `A route that returns a small JSON object, in its own process; autocannon in another, with ${CONNECTIONS} connections and no pipelining. ` +
      'Every variant first identifies its caller by a header. The throttlers count both windows for the same subjects. CPU time is that of ' +
      `the application's process alone, per request, while it answers ${COUNTED_REQUESTS.toLocaleString('en')} more requests over as many ` +
      'connections: it leaves out what the load generator and the database use.',
    tables: ADAPTERS.map((adapter) => ({
      title: ENDINGS[adapter],
      columns: [
        { key: 'rate', label: 'requests', unit: '/s' },
        { key: 'p99', label: 'p99', unit: 'ms' },
        { key: 'cpu', label: 'CPU per request', unit: 'µs' },
      ],
      chart: 'rate',
      rows: limiters.map((limiter) => {
        const rounds = found(adapter, limiter) ?? [];
        const rate = summarise(rounds.map(({ perSecond }) => perSecond));
        const p99 = summarise(rounds.map(({ p99Ms }) => p99Ms));
        return { label: LIMITERS[limiter], values: { rate, p99, cpu: summarise(cpuOf(rounds)) } };
      }),
    })),
    ratios: ratios(found),
  };
}

function cpuOf(rounds: readonly Measured[]): number[] {
  return rounds.map(({ cpuUs }) => cpuUs);
}

function ratios(found: Found): Record<string, Summary> {
  const all: Record<string, Summary> = {};
  const rates = (rounds: readonly CannonResult[]) => rounds.map(({ perSecond }) => perSecond);
  for (const adapter of ADAPTERS) {
    const guarded = found(adapter, 'rollgate');
    for (const [limiter, key] of Object.entries(RATIOS)) {
      const other = found(adapter, limiter as Limiter);
      if (guarded && other) all[`${key}${ENDINGS[adapter]}`] = ratio(rates(guarded), rates(other));
    }
    const plain = found(adapter, 'none');
    for (const [limiter, key] of Object.entries(CPU_RATIOS)) {
      const other = found(adapter, limiter as Limiter);
      if (plain && other) all[`${key}${ENDINGS[adapter]}`] = ratio(cpuOf(other), cpuOf(plain));
    }
  }
  for (const [limiter, key] of [
    ['empty', 'emptyGuardOverUnguarded'],
    ['waiting', 'waitingGuardOverUnguarded'],
    ['rollgate-memory', 'memoryGuardOverUnguarded'],
  ] as const) {
    const [guarded, plain] = [found('fastify', limiter), found('fastify', 'none')];
    if (guarded && plain) all[`${key}Fastify`] = ratio(rates(guarded), rates(plain));
  }
  return all;
}

function step(bench: Bench, { adapter, limiter }: Run): Step<Measured> {
  return {
    name: `${adapter}, ${LIMITERS[limiter]}`,
    tell: ({ perSecond, cpuUs }) => `${perSecondText(perSecond)}, ${rounded(cpuUs)} µs of CPU per request`,
    async run() {
      const ours = await bench.servers.placeFor('rollgate');
      const redisPort = limiter === 'throttler-redis' ? (await bench.servers.placeFor('throttler-redis')).redisPort : 0;
      const appJob: AppJob = { adapter, limiter, databaseUrl: ours.databaseUrl, redisPort };
      const app = await spawnNode({
        script: fileURLToPath(new URL('../http/app.js', import.meta.url)),
        args: [JSON.stringify(appJob)],
        // Express and Fastify both do less work in production mode.
        env: { NODE_ENV: 'production' },
      });
      try {
        return await measure(bench.plan, app);
      } finally {
        app.kill('SIGKILL');
        await app.exited;
      }
    },
  };
}

async function measure({ seconds, warmUpSeconds, quick }: Plan, app: NodeProcess): Promise<Measured> {
  const port = Number((await app.waitForLine(/^listening \d+$/)).split(' ')[1]);
  const shoot = (job: Pick<CannonJob, 'warmUpSeconds' | 'length'>) =>
    runChild<CannonResult>({ program: 'cannon', job: { port, connections: CONNECTIONS, ...job } });
  const result = await shoot({ warmUpSeconds: Math.max(LEAST_WARM_UP_SECONDS, warmUpSeconds), length: { seconds } });
  const requests = quick ? COUNTED_REQUESTS_QUICK : COUNTED_REQUESTS;
  const before = await cpuUsOf(app, 1);
  await shoot({ warmUpSeconds: 0, length: { requests } });
  return { ...result, cpuUs: ((await cpuUsOf(app, 2)) - before) / requests };
}

/** The CPU time of the application so far, µs. `reading` counts from 1. */
async function cpuUsOf(app: NodeProcess, reading: number): Promise<number> {
  app.send('cpu\n');
  const line = await app.waitForLine(new RegExp(`^cpu ${reading} \\d+$`));
  return Number(line.split(' ')[2]);
}
