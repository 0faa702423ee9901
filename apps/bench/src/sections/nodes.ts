/** Many instances on one database, whose flushes are as slow as those of a real disk: the capacity and the latency of the cluster. */
import type { ClusterResult } from '../children/cluster.js';
import { type ContenderName, LABELS } from '../contenders/registry.js';
import { ratio, type Summary, summarise } from '../load/statistics.js';
import { perSecondText, rounded } from '../report/numbers.js';
import type { SectionResult } from '../report/results.js';
import { type Bench, type Step, takeTurns } from './bench.js';
import {
  CALLERS_EACH,
  type Cell,
  type CellResult,
  lockReleaseOf,
  measureCell,
  SHARES,
  SteadyCluster,
} from './node-loads.js';
import {
  type Eight,
  eightTable,
  type GridCell,
  gridPoint,
  gridTables,
  instancesLabel,
  oneTable,
} from './node-tables.js';

interface Scale {
  readonly instances: readonly number[];
  readonly flushesMs: readonly number[];
  readonly peers: readonly ContenderName[];
  /** Repetitions of the fixed load across the turn of a minute, each of which waits for one. */
  readonly turns: number;
}

const FULL_SCALE: Scale = {
  instances: [1, 2, 4, 8, 16],
  flushesMs: [0, 1, 3, 5],
  peers: ['rlf-postgres', 'rlf-redis'],
  turns: 2,
};
const QUICK_SCALE: Scale = { instances: [1, 8], flushesMs: [0, 3], peers: ['rlf-redis'], turns: 0 };

/** The fixed load: this many calls per second over this many instances, with flushes this much longer. */
const FIXED = { perSecond: 8_000, instances: 8, flushMs: 3 } as const;
const SLOW_FLUSH_MS = 5;
/** Longest measurement of the fixed load. */
const MOST_FIXED_SECONDS = 3;

export async function nodes(bench: Bench): Promise<SectionResult> {
  const scale = bench.plan.quick ? QUICK_SCALE : FULL_SCALE;
  try {
    const grid = await measureGrid(bench, scale);
    const points = await measurePoints(bench, scale);
    const turning = await measureTurns(bench, scale);
    const eight: Eight = { fixed: points.fixed, turning };
    return {
      title: 'Instances',
      what: description(scale),
      tables: [...gridTables(grid, scale), oneTable(points.closed), eightTable(eight, FIXED)],
      ratios: ratios(points, turning),
      grid: grid.filter(({ cell }) => cell.contender === 'rollgate').map(gridPoint),
      lockRelease: await lockReleaseOf(bench),
    };
  } finally {
    await (await bench.servers.postgres).delayFlushes(0);
  }
}

function description({ instances }: Scale): string {
  return (
    `1 to ${instances.at(-1)} processes with one limiter each, which share a database. Each flush of the log is made longer by 0 to ` +
    `${SLOW_FLUSH_MS} ms (\`commit_delay\`, with \`commit_siblings = 0\`); the server makes one flush at a time, as a disk does. In the closed ` +
    `loop ${CALLERS_EACH} callers of each instance, 2,048 at most, make their next call as soon as the previous one is answered; its rate is the capacity. ` +
    `Open loops then offer ${SHARES.map((share) => share * 100).join(', ')} % of that capacity, evenly over the instances, and each latency is ` +
    'measured from the time at which the call was due. The outage mode is the default, so calls that the database does not decide in time are ' +
    'decided without it (or refused with 503, in the first second of an instance); their share is over all loads of a row. The limits allow all calls. All instances, the database and the callers share the ' +
    'cores of one machine. Each cell of the grid is measured once, the comparisons below it in every round. ' +
    'No load spans the turn of a minute unless stated: the first decision of a subject in a minute costs more, and here all subjects would ' +
    'have theirs in the same second. Redis flushes nothing.'
  );
}

async function measureGrid(bench: Bench, { instances, flushesMs, peers }: Scale): Promise<GridCell[]> {
  const contenders: readonly ContenderName[] = ['rollgate', ...peers];
  const cells = flushesMs.flatMap((flushMs) =>
    instances.flatMap((count) =>
      contenders
        // The flush of Postgres does not change Redis.
        .filter((contender) => contender !== 'rlf-redis' || flushMs === 0)
        .map((contender): Cell => ({ contender, instances: count, flushMs })),
    ),
  );
  const measured: GridCell[] = [];
  for (const [i, cell] of cells.entries()) {
    const result = await measureCell(bench, cell);
    measured.push({ cell, result });
    bench.progress(`  ${i + 1}/${cells.length}  ${cellName(cell)}: ${tellCell(result)}`);
  }
  return measured;
}

function cellName({ contender, instances, flushMs }: Cell): string {
  return `${contender}, ${instancesLabel(instances)}, +${flushMs} ms`;
}

function tellCell({ closed, open }: CellResult): string {
  const p99 = open.map(({ percentiles }) => rounded(percentiles.p99)).join(', ');
  const without = Math.max(...[closed, ...open].map(({ withoutDatabase }) => withoutDatabase));
  return `${perSecondText(closed.perSecond)}; p99 ${p99} ms; ${rounded(without * 100)} % without the database`;
}

/** The results of the comparisons, by round. */
interface Points {
  readonly closed: readonly { readonly cell: Cell; readonly perSecond: readonly number[] }[];
  readonly fixed: readonly { readonly contender: ContenderName; readonly rounds: readonly ClusterResult[] }[];
}

async function measurePoints(bench: Bench, { peers }: Scale): Promise<Points> {
  const cells = [FIXED.flushMs, SLOW_FLUSH_MS]
    .filter((flushMs) => !bench.plan.quick || flushMs === FIXED.flushMs)
    .flatMap((flushMs) =>
      [1, FIXED.instances].map((count): Cell => ({ contender: 'rollgate', instances: count, flushMs })),
    );
  const contenders: readonly ContenderName[] = ['rollgate', ...peers];
  const steps = [...cells.map((cell) => closedStep(bench, cell)), ...contenders.map((name) => fixedStep(bench, name))];
  const results = await takeTurns(bench, { steps, quickSeconds: 1 });
  const rates = (place: number) => (results[place] ?? []).map(({ perSecond }) => perSecond);
  return {
    closed: cells.map((cell, place) => ({ cell, perSecond: rates(place) })),
    fixed: contenders.map((contender, place) => ({ contender, rounds: results[cells.length + place] ?? [] })),
  };
}

function closedStep(bench: Bench, cell: Cell): Step<ClusterResult> {
  const { seconds, warmUpSeconds } = bench.plan;
  return {
    name: `${cellName(cell)}, closed loop`,
    tell: ({ perSecond }) => perSecondText(perSecond),
    run: () => SteadyCluster.with(bench, cell, (cluster) => cluster.closed(seconds, warmUpSeconds)),
  };
}

function fixedStep(bench: Bench, contender: ContenderName): Step<ClusterResult> {
  return {
    name: `${LABELS[contender]}, ${perSecondText(FIXED.perSecond)} over ${FIXED.instances} instances`,
    tell: tellFixed,
    run: () => underFixedLoad(bench, { contender, turning: false }),
  };
}

function tellFixed({ percentiles, withoutDatabase }: ClusterResult): string {
  const { p50, p99 } = percentiles;
  return `p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms, ${rounded(withoutDatabase * 100)} % without the database`;
}

function underFixedLoad(
  bench: Bench,
  { contender, turning }: { readonly contender: ContenderName; readonly turning: boolean },
): Promise<ClusterResult> {
  const seconds = Math.min(MOST_FIXED_SECONDS, bench.plan.seconds);
  return SteadyCluster.with(bench, { contender, ...FIXED }, async (cluster) => {
    // Compiles the code of the instances.
    await cluster.closed(bench.plan.warmUpSeconds, 0);
    return turning
      ? await cluster.openAcrossTurn(FIXED.perSecond, seconds)
      : await cluster.open(FIXED.perSecond, seconds);
  });
}

async function measureTurns(bench: Bench, { turns }: Scale): Promise<ClusterResult[]> {
  const results: ClusterResult[] = [];
  for (let turn = 1; turn <= Math.min(turns, bench.plan.rounds); turn++) {
    const result = await underFixedLoad(bench, { contender: 'rollgate', turning: true });
    results.push(result);
    bench.progress(`  ${turn}/${turns}  across the turn of a minute: ${tellFixed(result)}`);
  }
  return results;
}

function ratios({ closed, fixed }: Points, turning: readonly ClusterResult[]): Record<string, Summary> {
  const rates = (flushMs: number, instances: number) =>
    closed.find(({ cell }) => cell.flushMs === flushMs && cell.instances === instances)?.perSecond ?? [];
  const over = (flushMs: number) => ratio(rates(flushMs, FIXED.instances), rates(flushMs, 1));
  const rounds = fixed.find(({ contender }) => contender === 'rollgate')?.rounds ?? [];
  const shares = rounds.map(({ withoutDatabase }) => withoutDatabase);
  return {
    eightNodesOverOneAt3ms: over(FIXED.flushMs),
    ...(rates(SLOW_FLUSH_MS, 1).length > 0 ? { eightNodesOverOneAt5ms: over(SLOW_FLUSH_MS) } : {}),
    p50EightNodesAt3msMs: summarise(rounds.map(({ percentiles }) => percentiles.p50)),
    p99EightNodesAt3msMs: summarise(rounds.map(({ percentiles }) => percentiles.p99)),
    // One share for all rounds together: a median would hide the only round with such decisions.
    fallbackShareEightNodesAt3ms: summarise([shares.reduce((sum, share) => sum + share, 0) / shares.length]),
    ...(turning.length > 0
      ? { p99EightNodesAt3msTurningMs: summarise(turning.map(({ percentiles }) => percentiles.p99)) }
      : {}),
  };
}
