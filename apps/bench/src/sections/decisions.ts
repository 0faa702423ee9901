/** Decisions a second in both windows, of every contender, under full load. */

import { runChild } from '../children/run-child.js';
import type { ThroughputJob, ThroughputResult } from '../children/throughput.js';
import { type ContenderName, LABELS, LIMITERS } from '../contenders/registry.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText } from '../report/numbers.js';
import type { SectionResult } from '../report/results.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

type Distribution = 'uniform' | 'zipf';

interface Run {
  readonly contender: ContenderName;
  readonly distribution: Distribution;
}

/** What no design that leaves a row updated a grant can beat. */
const YARDSTICKS: readonly ContenderName[] = ['bare-update', 'fixed-windows', 'fixed-windows-by-second'];
const COUNTED: readonly ContenderName[] = [...LIMITERS, ...YARDSTICKS];

/** Rollgate over each of these, by the ratio's key without its ending for the distribution. */
const PEERS: Readonly<Partial<Record<ContenderName, string>>> = {
  'rlf-postgres': 'rollgateOverRlfPostgres',
  'rlf-redis': 'rollgateOverRlfRedis',
  'rlf-redis-durable': 'rollgateOverRlfRedisDurable',
  'throttler-redis': 'rollgateOverThrottlerRedis',
  'express-postgres': 'rollgateOverExpressPostgres',
  'bare-update': 'rollgateOverBareUpdate',
  'fixed-windows': 'rollgateOverFixedWindows',
};

/** Each of these over rate-limiter-flexible on Redis: how far a yardstick gets of what Rollgate is to reach. */
const CEILINGS: Readonly<Partial<Record<ContenderName, string>>> = {
  'bare-update': 'bareUpdateOverRlfRedis',
  'fixed-windows': 'fixedWindowsOverRlfRedis',
  'fixed-windows-by-second': 'fixedWindowsBySecondOverRlfRedis',
};

export async function decisions(bench: Bench): Promise<SectionResult> {
  // A quick run leaves out what no goal asks for.
  const allBut = (...left: ContenderName[]) => COUNTED.filter((name) => !bench.plan.quick || !left.includes(name));
  const uniform = allBut('express-postgres', ...YARDSTICKS).map(
    (contender): Run => ({ contender, distribution: 'uniform' }),
  );
  const inZipf = allBut('express-postgres', 'rlf-postgres', 'rlf-redis-durable', 'throttler-redis', ...YARDSTICKS);
  const zipf = inZipf.map((contender): Run => ({ contender, distribution: 'zipf' }));
  const runs = [...uniform, ...zipf];
  const results = await takeTurns(bench, { steps: runs.map((run) => step(bench, run)), quickSeconds: 10 });
  const rates = results.map((rounds) => rounds.map(({ perSecond }) => perSecond));
  const rateOf = (contender: ContenderName, distribution: Distribution): number[] | undefined =>
    rates[runs.findIndex((run) => run.contender === contender && run.distribution === distribution)];
  return {
    title: 'Decisions a second',
    what:
      `${CALLERS} callers, each of which asks again as soon as it is answered, in a process of their own; each call is one ` +
      'unit in both windows, of limits that admit all of them. Every contender has the same order of subjects.',
    tables: (['uniform', 'zipf'] as const).map((distribution) => ({
      title: distribution === 'uniform' ? 'Subjects drawn uniformly' : 'Subjects drawn by Zipf 1.1',
      columns: [{ key: 'rate', label: 'decisions', unit: '/s' }],
      chart: 'rate',
      rows: COUNTED.flatMap((contender) => {
        const rate = rateOf(contender, distribution);
        return rate ? [{ label: LABELS[contender], values: { rate: summarise(rate) } }] : [];
      }),
    })),
    ratios: ratios(rateOf),
  };
}

function step(bench: Bench, { contender, distribution }: Run): Step<ThroughputResult> {
  return {
    name: `${contender}, ${distribution}`,
    tell: ({ perSecond }) => perSecondText(perSecond),
    async run() {
      const { seconds, warmUpSeconds } = bench.plan;
      const options = await bench.servers.placeFor(contender);
      const job: ThroughputJob = {
        contender,
        options,
        traffic: { distribution },
        callers: CALLERS,
        warmUpSeconds,
        seconds,
      };
      return await runChild<ThroughputResult>({ program: 'throughput', job });
    },
  };
}

function ratios(
  rateOf: (name: ContenderName, distribution: Distribution) => number[] | undefined,
): Record<string, Summary> {
  const found: Record<string, Summary> = {};
  for (const distribution of ['uniform', 'zipf'] as const) {
    const ours = rateOf('rollgate', distribution);
    for (const [peer, key] of Object.entries(PEERS)) {
      const theirs = rateOf(peer as ContenderName, distribution);
      if (ours && theirs) found[distribution === 'zipf' ? `${key}Zipf` : key] = ratio(ours, theirs);
    }
    const redis = rateOf('rlf-redis', distribution);
    for (const [yardstick, key] of Object.entries(CEILINGS)) {
      const rate = rateOf(yardstick as ContenderName, distribution);
      if (rate && redis) found[distribution === 'zipf' ? `${key}Zipf` : key] = ratio(rate, redis);
    }
  }
  return found;
}
