/** How many bytes an allowed call writes to the log, and how large the tables get while the janitor cleans them. */
import type { FixedWorkJob, FixedWorkResult } from '../children/fixed-work.js';
import { runChild } from '../children/run-child.js';
import type { SimulatedDayJob, SimulatedDayResult } from '../children/simulated-day.js';
import { type ContenderName, LABELS } from '../contenders/registry.js';
import { summarise } from '../load/statistics.js';
import { rounded, valueText } from '../report/numbers.js';
import type { SectionResult, Table } from '../report/results.js';
import { type Bench, CALLERS, type Step, takeTurns } from './bench.js';

const IN_POSTGRES: readonly ContenderName[] = ['rollgate', 'rlf-postgres', 'express-postgres'];
const HOURS = 24;
/**
 * From this hour on the janitor removes as many rows as are added, and their space is reused. The first rows expire after the
 * second hour.
 */
const FULL_HOUR = 4;
/**
 * The minimum that the janitor keeps: what the hour window may still need. By default minutes are kept for a day, for audits.
 */
const KEEP_SECONDS = 3_661;

export async function bytes(bench: Bench): Promise<SectionResult> {
  const log = await logTable(bench);
  bench.progress('  simulating a day …');
  const day = await simulatedDay(bench);
  const [full, end] = [day.bytesByHour[FULL_HOUR - 1] as number, day.bytesByHour.at(-1) as number];
  return {
    title: 'Bytes',
    what:
      'First, the write-ahead log of a fixed number of allowed calls, uniform, after a checkpoint and one pass over all subjects. Then a day on a simulated clock: ' +
      `${day.decisions.toLocaleString('en')} allowed calls. A third of the subjects are the same all day, the others are new each hour. The janitor keeps ` +
      `${KEEP_SECONDS.toLocaleString('en')} s, and both tables are vacuumed once an hour, about as often as autovacuum would do it.`,
    tables: [log, dayTable(day)],
    ratios: { dayEndOverHourFour: summarise([end / full]) },
  };
}

async function logTable(bench: Bench): Promise<Table> {
  const contenders = bench.plan.quick ? IN_POSTGRES.slice(0, 2) : IN_POSTGRES;
  const steps = contenders.map((contender) => step(bench, contender));
  const results = await takeTurns(bench, { steps, quickSeconds: 1 });
  const rows = contenders.map((contender, i) => {
    const rounds = results[i] ?? [];
    const values = {
      busy: summarise(rounds.map(({ busy }) => busy)),
      alone: summarise(rounds.map(({ alone }) => alone)),
    };
    return { label: LABELS[contender], values };
  });
  return {
    title: 'Log written per allowed call, both windows',
    columns: [
      { key: 'busy', label: `${CALLERS} callers`, unit: 'bytes' },
      { key: 'alone', label: '1 caller', unit: 'bytes' },
    ],
    rows,
  };
}

function step(bench: Bench, contender: ContenderName): Step<FixedWorkResult> {
  return {
    name: `log of ${contender}`,
    tell: ({ busy, alone }) => `${rounded(busy)} bytes per allowed call, ${rounded(alone)} with one caller`,
    async run() {
      // A contender that handles one call at a time would take minutes.
      const slow = contender === 'express-postgres' ? 20 : 1;
      const scale = (bench.plan.quick ? 0.05 : 1) / slow;
      const job: FixedWorkJob = {
        contender,
        options: await bench.servers.placeFor(contender),
        warmUpGrants: 20_000 * scale,
        busyGrants: 60_000 * scale,
        busyCallers: CALLERS,
        aloneGrants: bench.plan.quick ? 50 : 1_000,
      };
      return await runChild<FixedWorkResult>({ program: 'fixed-work', job });
    },
  };
}

async function simulatedDay({ plan, servers }: Bench): Promise<SimulatedDayResult> {
  const postgres = await servers.postgres;
  const databaseUrl = await postgres.database('bench_day', { migrated: true });
  const size = plan.quick ? { subjects: 60, everyMinutes: 20 } : { subjects: 300, everyMinutes: 1 };
  const job: SimulatedDayJob = { databaseUrl, ...size, hours: HOURS, keepSeconds: KEEP_SECONDS };
  return await runChild<SimulatedDayResult>({ program: 'simulated-day', job });
}

function dayTable({ bytesByHour, decisions, removed }: SimulatedDayResult): Table {
  const shown = bytesByHour.map((size, i) => ({ hour: i + 1, size })).filter(({ hour }) => hour % 2 === 0);
  const most = Math.max(...bytesByHour.slice(1));
  const keptDecisions = (decisions / bytesByHour.length) * (KEEP_SECONDS / 3_600);
  return {
    title: 'Tables with their indexes, by simulated hour',
    note:
      `At most ${valueText(most, 'bytes')}, which is ${rounded(most / keptDecisions)} bytes per allowed call within the time kept; ` +
      `the janitor removed ${removed.toLocaleString('en')} rows.`,
    columns: [{ key: 'size', label: 'size', unit: 'bytes' }],
    chart: 'size',
    rows: shown.map(({ hour, size }) => ({ label: `hour ${hour}`, values: { size: summarise([size]) } })),
  };
}
