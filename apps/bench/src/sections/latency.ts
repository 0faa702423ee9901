/** How long callers wait, few and many of them, and at half of what each contender can take. */
import type { LatencyJob, LatencyResult } from '../children/latency.js';
import { runChild } from '../children/run-child.js';
import { type ContenderName, LABELS, LIMITERS } from '../contenders/registry.js';
import type { Percentiles } from '../load/latency-log.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { rounded } from '../report/numbers.js';
import type { Row, SectionResult, Table } from '../report/results.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

const CALLER_COUNTS = [1, 16, 256];
const YARDSTICKS: readonly ContenderName[] = ['select-1', 'select-1-commit', 'bare-update'];
const PERCENTILES = [
  { key: 'p50', label: 'p50', unit: 'ms' },
  { key: 'p99', label: 'p99', unit: 'ms' },
  { key: 'p999', label: 'p99.9', unit: 'ms' },
] as const;

interface Measured {
  readonly contender: ContenderName;
  readonly rounds: readonly LatencyResult[];
}

export async function latency(bench: Bench): Promise<SectionResult> {
  const limiters = bench.plan.quick ? LIMITERS.filter((name) => name === 'rollgate' || name === 'rlf-redis') : LIMITERS;
  const contenders = [...YARDSTICKS, ...limiters];
  const steps = contenders.map((contender) => step(bench, contender));
  const results = await takeTurns(bench, { steps, quickSeconds: 6 });
  const measured = contenders.map((contender, i): Measured => ({ contender, rounds: results[i] ?? [] }));
  return {
    title: 'Latency',
    what:
      'A closed loop of 1, 16 and 256 callers; then an open loop: calls arrive evenly at half of the rate that ' +
      `${CALLERS} callers of the same process had just reached, and each is timed from the moment it was due. Its timer ticks once ` +
      'a millisecond, which is part of what is measured there.',
    tables: [...CALLER_COUNTS.map((callers, i) => callersTable(measured, { callers, place: i })), halfTable(measured)],
    ratios: ratios(measured),
  };
}

function step(bench: Bench, contender: ContenderName): Step<LatencyResult> {
  const yardstick = YARDSTICKS.includes(contender);
  return {
    name: contender,
    tell: ({ byCallers }) => `p50 alone ${rounded(byCallers[0]?.p50 ?? Number.NaN)} ms`,
    async run() {
      const { seconds, warmUpSeconds } = bench.plan;
      const job: LatencyJob = {
        contender,
        options: await bench.servers.placeFor(contender),
        callers: yardstick ? [1] : CALLER_COUNTS,
        ...(yardstick ? {} : { saturatingCallers: CALLERS }),
        warmUpSeconds: warmUpSeconds / 2,
        seconds: bench.plan.quick ? seconds / 2 : seconds,
      };
      return await runChild<LatencyResult>({ program: 'latency', job });
    },
  };
}

function callersTable(measured: readonly Measured[], { callers, place }: { callers: number; place: number }): Table {
  const rows = measured.flatMap(({ contender, rounds }): Row[] => {
    const found = rounds.flatMap(({ byCallers }) => byCallers[place] ?? []);
    return found.length > 0 ? [{ label: LABELS[contender], values: summaries(found) }] : [];
  });
  return { title: callers === 1 ? 'One caller' : `${callers} callers`, columns: PERCENTILES, rows };
}

function halfTable(measured: readonly Measured[]): Table {
  const rows = measured.flatMap(({ contender, rounds }): Row[] => {
    const found = rounds.flatMap(({ atHalf }) => atHalf ?? []);
    if (found.length === 0) return [];
    const rate = summarise(found.map(({ perSecond }) => perSecond));
    return [{ label: LABELS[contender], values: { rate, ...summaries(found.map(({ percentiles }) => percentiles)) } }];
  });
  const columns = [{ key: 'rate', label: 'calls arriving', unit: '/s' } as const, ...PERCENTILES];
  return { title: 'Half of saturation', columns, rows };
}

function summaries(rounds: readonly Percentiles[]): Record<string, Summary> {
  return Object.fromEntries(PERCENTILES.map(({ key }) => [key, summarise(rounds.map((found) => found[key]))]));
}

function ratios(measured: readonly Measured[]): Record<string, Summary> {
  const alone = (name: ContenderName): number[] =>
    measured.find(({ contender }) => contender === name)?.rounds.flatMap(({ byCallers }) => byCallers[0]?.p50 ?? []) ??
    [];
  return {
    aloneOverRoundTrip: ratio(alone('rollgate'), alone('select-1-commit')),
    bareUpdateAloneOverRoundTrip: ratio(alone('bare-update'), alone('select-1-commit')),
    aloneOverSelect1: ratio(alone('rollgate'), alone('select-1')),
  };
}
