/** What the indexes of rollgate.counter that only reads use, and the mark of subjects near a limit, cost a decision. */
import pg from 'pg';
import type { GrowthJob, GrowthResult } from '../children/growth.js';
import { runChild } from '../children/run-child.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText } from '../report/numbers.js';
import type { SectionResult, Table } from '../report/results.js';
import { currentMinute } from '../servers/stored-subjects.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

/** Without the indexes, and without the mark: Postgres folds the constant. */
const WITHOUT = `
  DROP INDEX rollgate.counter_values, rollgate.counter_near;
  CREATE OR REPLACE FUNCTION rollgate.is_near(total bigint, minute_start bigint, per_minute int, hour_start bigint, per_hour int)
    RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'`;

export async function indexCost(bench: Bench): Promise<Pick<SectionResult, 'tables' | 'ratios'>> {
  const postgres = await bench.servers.postgres;
  const names = { with: 'bench_indexes', without: 'bench_no_indexes' } as const;
  const urls = {
    with: await postgres.database(names.with, { migrated: true }),
    without: await postgres.database(names.without, { migrated: true }),
  };
  await run(urls.without, WITHOUT);
  const step = (which: keyof typeof urls): Step<GrowthResult> => ({
    name: `${which} indexes for reads`,
    tell: ({ within, turning, firstPass }) =>
      `${perSecondText(within.perSecond)}; first of a minute ${perSecondText(turning.perSecond)}; of a subject ${perSecondText(firstPass.perSecond)}`,
    async run() {
      await run(urls[which], 'TRUNCATE rollgate.counter, rollgate.bucket');
      return await runChild<GrowthResult>({ program: 'growth', job: jobOf(bench, urls[which]) });
    },
  });
  const [on = [], off = []] = await takeTurns(bench, { steps: [step('with'), step('without')], quickSeconds: 8 });
  for (const name of Object.values(names)) await postgres.drop(name);
  return {
    tables: [costTable({ on, off })],
    ratios: {
      ...cpuRatio('readIndexesCpu', { of: 'within', on, off }),
      ...cpuRatio('readIndexesCpuTurning', { of: 'turning', on, off }),
      ...cpuRatio('readIndexesCpuNew', { of: 'firstPass', on, off }),
      readIndexesRate: ratio(
        on.map(({ within }) => within.perSecond),
        off.map(({ within }) => within.perSecond),
      ),
    },
  };
}

type Part = 'within' | 'turning' | 'firstPass';

/** Other programs on the machine change the CPU time of a decision much less than the number of decisions. Only Linux reports it. */
function cpuRatio(
  key: string,
  { of, on, off }: { of: Part; on: readonly GrowthResult[]; off: readonly GrowthResult[] },
): Record<string, Summary> {
  const [cpuOn, cpuOff] = [on, off].map((results) => results.flatMap((result) => result[of].backendMicros ?? []));
  if (cpuOn === undefined || cpuOff === undefined || cpuOn.length === 0) return {};
  return { [key]: ratio(cpuOn, cpuOff) };
}

function jobOf({ plan }: Bench, databaseUrl: string): GrowthJob {
  return {
    databaseUrl,
    traffic: { distribution: 'uniform', subjects: plan.quick ? 5_000 : 50_000 },
    callers: CALLERS,
    seconds: plan.seconds,
    warmUpSeconds: plan.warmUpSeconds,
    startMinute: currentMinute(),
    turns: plan.quick ? 1 : 3,
  };
}

const PARTS: readonly { readonly key: Part; readonly label: string }[] = [
  { key: 'within', label: 'within a minute' },
  { key: 'turning', label: 'first of a minute' },
  { key: 'firstPass', label: 'first of a subject' },
];

function costTable({ on, off }: { on: readonly GrowthResult[]; off: readonly GrowthResult[] }): Table {
  const valuesOf = (results: readonly GrowthResult[]) =>
    PARTS.flatMap(({ key }) => {
      const cpu = results.flatMap((result) => result[key].backendMicros ?? []);
      return [
        ...(key === 'within' ? [['rate', summarise(results.map(({ within }) => within.perSecond))] as const] : []),
        ...(cpu.length > 0 ? [[key, summarise(cpu)] as const] : []),
      ];
    });
  return {
    title: 'Decisions with the indexes for reads',
    note:
      'The index of values (counter_values) and that of subjects near a limit (counter_near), whose column a grant may change. ' +
      'Runs with and without them take turns, in a table that is empty at the start of each. Database CPU for each decision.',
    columns: [
      { key: 'rate', label: 'decisions', unit: '/s' },
      ...PARTS.map(({ key, label }) => ({ key, label, unit: 'µs' as const })),
    ],
    rows: [
      { label: 'with', values: Object.fromEntries(valuesOf(on)) },
      { label: 'without', values: Object.fromEntries(valuesOf(off)) },
    ],
  };
}

async function run(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
