/** Whether the cost of a decision stays the same on a large table, in a full hour, and with several instances. */
import { statfs } from 'node:fs/promises';
import type { Cost, GrowthJob, GrowthResult } from '../children/growth.js';
import { runChild, runTogether } from '../children/run-child.js';
import type { ThroughputJob, ThroughputResult } from '../children/throughput.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText, rounded } from '../report/numbers.js';
import type { Column, Row, SectionResult, Table } from '../report/results.js';
import { currentMinute, storeSubjects } from '../servers/stored-subjects.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

interface Scale {
  /** Number of stored subjects of each table. */
  readonly sizes: readonly number[];
  /** Number of stored subjects that get calls. */
  readonly working: number;
  /** Number of subjects in the tables with a full and an empty hour. */
  readonly inHour: number;
  readonly instances: readonly number[];
  readonly turns: number;
}

const FULL_SCALE: Scale = {
  sizes: [10_000, 1_000_000, 10_000_000],
  working: 10_000,
  inHour: 10_000,
  instances: [1, 2, 4],
  turns: 3,
};
const QUICK_SCALE: Scale = { sizes: [2_000, 100_000], working: 2_000, inHour: 1_000, instances: [1, 2], turns: 2 };

/** Bytes per subject of a table with 10 million subjects, including its index and the log of loading it. */
const BYTES_A_SUBJECT = 1_200;

const COLUMNS: readonly Column[] = [
  { key: 'rate', label: 'decisions', unit: '/s' },
  { key: 'cpu', label: 'database CPU each', unit: 'µs' },
  { key: 'turningRate', label: 'first of a minute', unit: '/s' },
  { key: 'turningCpu', label: 'database CPU each', unit: 'µs' },
];

export async function growth(bench: Bench): Promise<SectionResult> {
  const scale = bench.plan.quick ? QUICK_SCALE : FULL_SCALE;
  await checkSpace(bench, Math.max(...scale.sizes));
  const sizes = await bySize(bench, scale);
  const hours = await byHour(bench, scale);
  const instances = bench.late() ? [] : await byInstances(bench, scale);
  return {
    title: 'Growth',
    what:
      `Only Rollgate, with ${CALLERS} callers in total. Calls are distributed uniformly over ${scale.working.toLocaleString('en')} subjects spread over the whole table. ` +
      'The first decision of a subject in a minute archives its previous minute and is measured separately, with one call per subject. In ' +
      'a full hour each of the 61 minutes contains 30 units in 30 different seconds; an empty hour contains only the units of the last minute.',
    tables: [
      costTable({ title: 'By stored subjects', labels: scale.sizes.map(sizeLabel), results: sizes }),
      costTable({ title: 'By the content of the hour', labels: ['empty hour', 'full hour'], results: hours }),
      ...(instances.length > 0 ? [instancesTable(scale, instances)] : []),
    ],
    ratios: {
      ...costRatios('tenMillionOverTenThousand', { over: sizes.at(-1) ?? [], under: sizes[0] ?? [] }),
      ...costRatios('fullHourOverEmptyHour', { over: hours[1] ?? [], under: hours[0] ?? [] }),
      ...(instances.length > 0 ? instanceRatios(scale, instances) : {}),
    },
  };
}

/** Each size has a database that is loaded once. Its simulated clock continues from one round to the next. */
async function bySize(bench: Bench, { sizes, working, turns }: Scale): Promise<GrowthResult[][]> {
  const postgres = await bench.servers.postgres;
  const minute = currentMinute();
  const steps: Step<GrowthResult>[] = [];
  for (const subjects of sizes) {
    bench.progress(`  storing ${sizeLabel(subjects)} …`);
    const databaseUrl = await postgres.database(`bench_growth_${subjects}`, { migrated: true });
    await storeSubjects({ databaseUrl, subjects, minute, hour: 'empty' });
    const traffic = { distribution: 'uniform', subjects: working, stored: subjects } as const;
    let next = minute + 1;
    steps.push({
      name: sizeLabel(subjects),
      tell: tellGrowth,
      async run() {
        const result = await runGrowth(bench, { databaseUrl, traffic, startMinute: next, turns });
        next = result.endMinute + 1;
        return result;
      },
    });
  }
  const results = await takeTurns(bench, { steps, quickSeconds: 1 });
  for (const subjects of sizes) await postgres.drop(`bench_growth_${subjects}`);
  return results;
}

/** The subjects are stored again in each round, because traffic fills an empty hour and its clock empties a full one. */
async function byHour(bench: Bench, { inHour, turns }: Scale): Promise<GrowthResult[][]> {
  const postgres = await bench.servers.postgres;
  const step = (hour: 'empty' | 'full'): Step<GrowthResult> => ({
    name: `${hour} hour`,
    tell: tellGrowth,
    async run() {
      const databaseUrl = await postgres.database(`bench_hour_${hour}`, { migrated: true });
      const minute = currentMinute();
      await storeSubjects({ databaseUrl, subjects: inHour, minute, hour });
      const traffic = { distribution: 'uniform', subjects: inHour } as const;
      return await runGrowth(bench, { databaseUrl, traffic, startMinute: minute + 1, turns });
    },
  });
  return await takeTurns(bench, { steps: [step('empty'), step('full')], quickSeconds: 1 });
}

async function byInstances(bench: Bench, { instances }: Scale): Promise<number[][]> {
  const steps = instances.map(
    (count): Step<number> => ({
      name: count === 1 ? '1 instance' : `${count} instances`,
      tell: perSecondText,
      async run() {
        const options = await bench.servers.placeFor('rollgate');
        const { seconds, warmUpSeconds } = bench.plan;
        const jobs = Array.from({ length: count }, (_, instance): ThroughputJob => {
          const traffic = { distribution: 'uniform', seed: instance + 1 } as const;
          const callers = CALLERS / count;
          return { contender: 'rollgate', options, traffic, callers, warmUpSeconds, seconds, together: true };
        });
        const results = await runTogether<ThroughputResult>(jobs.map((job) => ({ program: 'throughput', job })));
        return results.reduce((sum, { perSecond }) => sum + perSecond, 0);
      },
    }),
  );
  return await takeTurns(bench, { steps, quickSeconds: 1 });
}

type GrowthRun = Pick<GrowthJob, 'databaseUrl' | 'traffic' | 'startMinute' | 'turns'>;

function runGrowth({ plan }: Bench, run: GrowthRun): Promise<GrowthResult> {
  const job: GrowthJob = { ...run, callers: CALLERS, seconds: plan.seconds, warmUpSeconds: plan.warmUpSeconds };
  return runChild<GrowthResult>({ program: 'growth', job });
}

function costTable(table: { title: string; labels: readonly string[]; results: readonly GrowthResult[][] }): Table {
  const rows = table.labels.map((label, i): Row => {
    const rounds = table.results[i] ?? [];
    const values: Record<string, Summary> = {
      rate: summarise(rounds.map(({ within }) => within.perSecond)),
      turningRate: summarise(rounds.map(({ turning }) => turning.perSecond)),
    };
    const cpu = rounds.flatMap(({ within }) => within.backendMicros ?? []);
    const turningCpu = rounds.flatMap(({ turning }) => turning.backendMicros ?? []);
    if (cpu.length > 0) values['cpu'] = summarise(cpu);
    if (turningCpu.length > 0) values['turningCpu'] = summarise(turningCpu);
    return { label, values };
  });
  return { title: table.title, columns: COLUMNS, chart: 'rate', rows };
}

function instancesTable(scale: Scale, instances: readonly number[][]): Table {
  const rows = scale.instances.map((count, i) => ({
    label: count === 1 ? '1 instance' : `${count} instances`,
    values: { rate: summarise(instances[i] ?? []) },
  }));
  const note = 'All instances, the database and the callers share the cores of one machine.';
  return { title: 'By instances', note, columns: COLUMNS.slice(0, 1), chart: 'rate', rows };
}

/** Compares costs. The cost of a decision is 1 divided by the rate. */
function costRatios(
  key: string,
  { over, under }: { over: readonly GrowthResult[]; under: readonly GrowthResult[] },
): Record<string, Summary> {
  const costs = (rounds: readonly GrowthResult[], of: 'within' | 'turning') =>
    rounds.map((result) => 1 / (result[of] satisfies Cost).perSecond);
  return {
    [key]: ratio(costs(over, 'within'), costs(under, 'within')),
    [`${key}Turning`]: ratio(costs(over, 'turning'), costs(under, 'turning')),
  };
}

function instanceRatios({ instances }: Scale, rates: readonly number[][]): Record<string, Summary> {
  const over = (count: number) => ratio(rates[instances.indexOf(count)] ?? [], rates[instances.indexOf(1)] ?? []);
  return {
    ...(instances.includes(2) ? { twoInstancesOverOne: over(2) } : {}),
    ...(instances.includes(4) ? { fourInstancesOverOne: over(4) } : {}),
  };
}

function tellGrowth({ within, turning }: GrowthResult): string {
  const cpu = within.backendMicros === undefined ? '' : `, ${rounded(within.backendMicros)} µs of database CPU each`;
  return `${perSecondText(within.perSecond)}${cpu}; first of a minute ${perSecondText(turning.perSecond)}`;
}

function sizeLabel(subjects: number): string {
  return `${subjects.toLocaleString('en')} subjects`;
}

async function checkSpace({ servers }: Bench, subjects: number): Promise<void> {
  const { bavail, bsize } = await statfs(servers.folder);
  const needed = subjects * BYTES_A_SUBJECT;
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => `${Math.ceil(bytes / 1e9)} GB`;
  throw new Error(
    `growth needs ${gigabytes(needed)} in ${servers.folder} for ${sizeLabel(subjects)}, but only ${gigabytes(bavail * bsize)} are free: set TMPDIR to another disk`,
  );
}
