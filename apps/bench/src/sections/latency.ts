/** How long callers wait, with few and many callers, and at half of each contender's saturation rate. */
import type { LatencyJob, LatencyResult } from '../children/latency.js';
import { runChild } from '../children/run-child.js';
import { ADMIT_ALL } from '../contenders/contender.js';
import { type ContenderName, LABELS, LIMITERS } from '../contenders/registry.js';
import type { Percentiles } from '../load/latency-log.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { rounded } from '../report/numbers.js';
import type { Row, SectionResult, Table } from '../report/results.js';
import { currentMinute, storeSubjects } from '../servers/stored-subjects.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

const CALLER_COUNTS = [1, 16, 256];
const YARDSTICKS: readonly ContenderName[] = ['select-1', 'select-1-commit', 'bare-update'];
const FIRST_OF_MINUTE = `${LABELS.rollgate}, first decision of a minute`;
const PERCENTILES = [
  { key: 'p50', label: 'p50', unit: 'ms' },
  { key: 'p99', label: 'p99', unit: 'ms' },
  { key: 'p999', label: 'p99.9', unit: 'ms' },
] as const;

const LEAST_WARM_UP_SECONDS_ALONE = 2;
/** More subjects than a single caller can call in a second. */
const FRESH_SUBJECTS_A_SECOND = 5_000;

interface Measured {
  readonly label: string;
  readonly rounds: readonly LatencyResult[];
}

export async function latency(bench: Bench): Promise<SectionResult> {
  const limiters = bench.plan.quick ? LIMITERS.filter((name) => name === 'rollgate' || name === 'rlf-redis') : LIMITERS;
  const contenders = [...YARDSTICKS, ...limiters];
  const steps = [...contenders.map((contender) => step(bench, contender)), firstOfMinute(bench)];
  const results = await takeTurns(bench, { steps, quickSeconds: 6 });
  const labels = [...contenders.map((contender) => LABELS[contender]), FIRST_OF_MINUTE];
  const measured = labels.map((label, i): Measured => ({ label, rounds: results[i] ?? [] }));
  return {
    title: 'Latency',
    what:
      'First, a closed loop of 1, 16 and 256 callers, after one call for each subject; the first decision of a subject in a minute is ' +
      'measured separately. Then an open loop: calls arrive evenly at half of the rate that ' +
      `${CALLERS} callers of the same process had just reached, and each latency is measured from the time at which the call was due. The timer of ` +
      'the open loop ticks once a millisecond, which is included in these latencies.',
    tables: [...CALLER_COUNTS.map((callers, i) => callersTable(measured, { callers, place: i })), halfTable(measured)],
    ratios: ratios(measured),
  };
}

function step(bench: Bench, contender: ContenderName): Step<LatencyResult> {
  const yardstick = YARDSTICKS.includes(contender);
  return {
    name: contender,
    tell: tellAlone,
    async run() {
      const { seconds, warmUpSeconds } = bench.plan;
      const job: LatencyJob = {
        contender,
        options: await bench.servers.placeFor(contender),
        callers: yardstick ? [1] : CALLER_COUNTS,
        ...(yardstick ? {} : { saturatingCallers: CALLERS }),
        warmUpSeconds: warmUpSeconds / 2,
        warmUpSecondsAlone: warmUpAlone(bench),
        seconds: bench.plan.quick ? seconds / 2 : seconds,
      };
      return await runChild<LatencyResult>({ program: 'latency', job });
    },
  };
}

/** As in the growth section: subjects whose newest allowed call was a minute ago, with one call each. */
function firstOfMinute(bench: Bench): Step<LatencyResult> {
  return {
    name: FIRST_OF_MINUTE,
    tell: tellAlone,
    async run() {
      const { seconds, warmUpSeconds } = bench.plan;
      const warmUpSecondsAlone = warmUpAlone(bench);
      const postgres = await bench.servers.postgres;
      const databaseUrl = await postgres.database('bench_first_of_minute', { migrated: true });
      const freshSubjects = Math.ceil((warmUpSecondsAlone + seconds) * FRESH_SUBJECTS_A_SECOND);
      await storeSubjects({ databaseUrl, subjects: freshSubjects, minute: currentMinute() - 1, hour: 'empty' });
      const options = { databaseUrl, redisPort: 0, limits: ADMIT_ALL };
      const job: LatencyJob = {
        contender: 'rollgate',
        options,
        callers: [1],
        freshSubjects,
        warmUpSeconds,
        warmUpSecondsAlone,
        seconds,
      };
      return await runChild<LatencyResult>({ program: 'latency', job });
    },
  };
}

function warmUpAlone({ plan }: Bench): number {
  return plan.quick ? plan.warmUpSeconds / 2 : Math.max(LEAST_WARM_UP_SECONDS_ALONE, plan.warmUpSeconds);
}

function tellAlone({ byCallers }: LatencyResult): string {
  return `p50 of one caller ${rounded(byCallers[0]?.p50 ?? Number.NaN)} ms`;
}

function callersTable(measured: readonly Measured[], { callers, place }: { callers: number; place: number }): Table {
  const rows = measured.flatMap(({ label, rounds }): Row[] => {
    const found = rounds.flatMap(({ byCallers }) => byCallers[place] ?? []);
    return found.length > 0 ? [{ label, values: summaries(found) }] : [];
  });
  return { title: callers === 1 ? 'One caller' : `${callers} callers`, columns: PERCENTILES, rows };
}

function halfTable(measured: readonly Measured[]): Table {
  const rows = measured.flatMap(({ label, rounds }): Row[] => {
    const found = rounds.flatMap(({ atHalf }) => atHalf ?? []);
    if (found.length === 0) return [];
    const rate = summarise(found.map(({ perSecond }) => perSecond));
    return [{ label, values: { rate, ...summaries(found.map(({ percentiles }) => percentiles)) } }];
  });
  const columns = [{ key: 'rate', label: 'calls arriving', unit: '/s' } as const, ...PERCENTILES];
  return { title: 'Half of saturation', columns, rows };
}

function summaries(rounds: readonly Percentiles[]): Record<string, Summary> {
  return Object.fromEntries(PERCENTILES.map(({ key }) => [key, summarise(rounds.map((found) => found[key]))]));
}

function ratios(measured: readonly Measured[]): Record<string, Summary> {
  const alone = (wanted: string): number[] =>
    measured.find(({ label }) => label === wanted)?.rounds.flatMap(({ byCallers }) => byCallers[0]?.p50 ?? []) ?? [];
  const rollgate = alone(LABELS.rollgate);
  const roundTrip = alone(LABELS['select-1-commit']);
  return {
    aloneOverRoundTrip: ratio(rollgate, roundTrip),
    aloneFirstOfMinuteOverRoundTrip: ratio(alone(FIRST_OF_MINUTE), roundTrip),
    bareUpdateAloneOverRoundTrip: ratio(alone(LABELS['bare-update']), roundTrip),
    aloneOverSelect1: ratio(rollgate, alone(LABELS['select-1'])),
  };
}
