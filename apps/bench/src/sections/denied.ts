/** How many denials per second, and how many store calls they cause. */
import type { DeniedJob, DeniedResult } from '../children/denied.js';
import { runChild } from '../children/run-child.js';
import { type ContenderName, LABELS } from '../contenders/registry.js';
import { type Summary, summarise } from '../load/statistics.js';
import { perSecondText, rounded } from '../report/numbers.js';
import type { SectionResult, Table } from '../report/results.js';
import { type Bench, type Step, takeTurns } from './bench.js';

const CONTENDERS: readonly ContenderName[] = ['rollgate', 'rlf-postgres', 'rlf-redis', 'throttler-redis'];
const SUBJECT_COUNTS = [1, 10_000];
const ONE_UNIT = { perMinute: 1, perHour: 1 };
const DENIED_CALLERS = 64;

interface Run {
  readonly contender: ContenderName;
  readonly subjects: number;
}

export async function denied(bench: Bench): Promise<SectionResult> {
  const contenders = bench.plan.quick ? CONTENDERS.slice(0, 1) : CONTENDERS;
  const runs = SUBJECT_COUNTS.flatMap((subjects) => contenders.map((contender): Run => ({ contender, subjects })));
  const results = await takeTurns(bench, { steps: runs.map((run) => step(bench, run)), quickSeconds: 2 });
  const summaryOf = (run: Run, of: (result: DeniedResult) => number): Summary =>
    summarise((results[runs.indexOf(run)] ?? []).map(of));
  const tables = SUBJECT_COUNTS.map((subjects): Table => {
    const rows = runs
      .filter((run) => run.subjects === subjects)
      .map((run) => ({
        label: LABELS[run.contender],
        values: {
          rate: summaryOf(run, ({ perSecond }) => perSecond),
          calls: summaryOf(run, ({ storeCalls }) => storeCalls),
        },
      }));
    return {
      title: subjects === 1 ? 'One abusive subject' : `${subjects.toLocaleString('en')} denied subjects`,
      columns: [
        { key: 'rate', label: 'denials', unit: '/s' },
        { key: 'calls', label: 'total store calls', unit: 'calls' },
      ],
      chart: 'rate',
      rows,
    };
  });
  const ours = (subjects: number) =>
    runs.find((run) => run.contender === 'rollgate' && run.subjects === subjects) as Run;
  return {
    title: 'Denials',
    what:
      `Before the measurement the limit of one unit is used up and each subject is denied once. Then ${DENIED_CALLERS} callers continue to call one instance. Store calls are ` +
      'the statements or scripts that the counted denials caused. For rate-limiter-flexible, inMemoryBlockOnConsumed is set.',
    tables,
    ratios: {
      deniedPerSecond: summaryOf(ours(1), ({ perSecond }) => perSecond),
      deniedPerSecond10k: summaryOf(ours(10_000), ({ perSecond }) => perSecond),
      deniedStatements: summaryOf(ours(1), ({ storeCalls }) => storeCalls),
    },
  };
}

function step(bench: Bench, { contender, subjects }: Run): Step<DeniedResult> {
  return {
    name: `${contender}, ${subjects} denied`,
    tell: ({ perSecond, storeCalls }) => `${perSecondText(perSecond)}, ${rounded(storeCalls)} store calls`,
    async run() {
      const { seconds, warmUpSeconds } = bench.plan;
      const options = await bench.servers.placeFor(contender, ONE_UNIT);
      const job: DeniedJob = { contender, options, subjects, callers: DENIED_CALLERS, warmUpSeconds, seconds };
      return await runChild<DeniedResult>({ program: 'denied', job });
    },
  };
}
