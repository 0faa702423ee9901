/** Decisions per second in both windows, of every contender, under full load. */

import { runChild } from '../children/run-child.js';
import type { ThroughputJob, ThroughputResult } from '../children/throughput.js';
import { type ContenderName, FUNCTION_YARDSTICKS, LABELS, LIMITERS } from '../contenders/registry.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText } from '../report/numbers.js';
import type { SectionResult } from '../report/results.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

type Distribution = 'uniform' | 'zipf';

interface Run {
  readonly contender: ContenderName;
  readonly distribution: Distribution;
}

const COUNTED: readonly ContenderName[] = [...LIMITERS, ...FUNCTION_YARDSTICKS];

/** The ratio `over` ÷ `under` of two contenders. `key` is the ratio's key without the suffix of the distribution. */
const RATIOS: readonly { readonly key: string; readonly over: ContenderName; readonly under: ContenderName }[] = [
  { key: 'rollgateOverRlfPostgres', over: 'rollgate', under: 'rlf-postgres' },
  { key: 'rollgateOverRlfRedis', over: 'rollgate', under: 'rlf-redis' },
  { key: 'rollgateOverRlfRedisDurable', over: 'rollgate', under: 'rlf-redis-durable' },
  { key: 'rollgateOverThrottlerRedis', over: 'rollgate', under: 'throttler-redis' },
  { key: 'rollgateOverExpressPostgres', over: 'rollgate', under: 'express-postgres' },
  { key: 'rollgateOverBareUpdate', over: 'rollgate', under: 'bare-update' },
  { key: 'rollgateOverHeadUpdate', over: 'rollgate', under: 'head-update' },
  { key: 'headUpdateOverBareUpdate', over: 'head-update', under: 'bare-update' },
  { key: 'fixedWindowsBySecondOverBareUpdate', over: 'fixed-windows-by-second', under: 'bare-update' },
  { key: 'rollgateOverFixedWindows', over: 'rollgate', under: 'fixed-windows' },
  { key: 'bareUpdateOverRlfRedis', over: 'bare-update', under: 'rlf-redis' },
  { key: 'fixedWindowsOverRlfRedis', over: 'fixed-windows', under: 'rlf-redis' },
  { key: 'fixedWindowsBySecondOverRlfRedis', over: 'fixed-windows-by-second', under: 'rlf-redis' },
];

export async function decisions(bench: Bench): Promise<SectionResult> {
  // A quick run skips contenders that no goal needs.
  const allBut = (...left: ContenderName[]) => COUNTED.filter((name) => !bench.plan.quick || !left.includes(name));
  const uniform = allBut('express-postgres', ...FUNCTION_YARDSTICKS).map(
    (contender): Run => ({ contender, distribution: 'uniform' }),
  );
  const inZipf = allBut(
    'express-postgres',
    'rlf-postgres',
    'rlf-redis-durable',
    'throttler-redis',
    ...FUNCTION_YARDSTICKS,
  );
  const zipf = inZipf.map((contender): Run => ({ contender, distribution: 'zipf' }));
  const runs = [...uniform, ...zipf];
  const results = await takeTurns(bench, { steps: runs.map((run) => step(bench, run)), quickSeconds: 10 });
  const rates = results.map((rounds) => rounds.map(({ perSecond }) => perSecond));
  const rateOf = (contender: ContenderName, distribution: Distribution): number[] | undefined =>
    rates[runs.findIndex((run) => run.contender === contender && run.distribution === distribution)];
  return {
    title: 'Decisions per second',
    what:
      `${CALLERS} callers in their own process. Each makes its next call as soon as the previous one is answered. A call costs one ` +
      'unit in both windows, and the limits allow all calls. The order of subjects is the same for every contender.',
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
    for (const { key, over, under } of RATIOS) {
      const [rate, other] = [rateOf(over, distribution), rateOf(under, distribution)];
      if (rate && other) found[distribution === 'zipf' ? `${key}Zipf` : key] = ratio(rate, other);
    }
  }
  return found;
}
