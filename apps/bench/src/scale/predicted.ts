/** The predictions of docs/scale.md, each by the simulation. */
import { rounded } from '../report/numbers.js';
import { atRate } from '../simulate/capacity.js';
import { DEFAULTS, type Figures } from '../simulate/costs.js';
import { type Costs, type Deployment, type Prediction, simulate } from '../simulate/simulation.js';
import { markdownTable } from './markdown.js';

/** A database in the same data center, whose log is on a fast network disk. */
const DATA_CENTER = { roundTripMs: 0.5, flushMs: 1, commitDelayMs: 0 } as const;
const SEED = 1;
/** Callers of each instance in a closed loop that saturates it. */
const SATURATING = 512;

export interface Basis {
  readonly figures: Figures;
  readonly costs: Costs;
}

type Choice = Pick<Deployment, 'instances' | 'cores'> & Partial<Pick<Deployment, 'stripes' | 'flushMs'>>;

/** Each instance has a core of its own, and the database as many as chosen. */
function deploymentOf({ figures, costs }: Basis, choice: Choice): Deployment {
  const { subjects, accounts } = figures;
  return { ...DEFAULTS, ...DATA_CENTER, subjects, accounts, costs, sharedCores: false, ...choice };
}

function predicted(basis: Basis, choice: Choice & { readonly perSecond: number }): Prediction {
  const { perSecond, ...deployment } = choice;
  return atRate(perSecond, { deployment: deploymentOf(basis, deployment), seed: SEED });
}

function saturated(basis: Basis, choice: Choice): Prediction {
  const deployment = deploymentOf(basis, choice);
  return simulate({ deployment, load: { callersEach: SATURATING }, warmUpSeconds: 0.1, seconds: 0.1, seed: SEED });
}

const FLUSHES_MS = [0.1, 0.5, 1, 3, 5, 10];
export const FLUSH_CASE = { instances: 8, cores: 4, perSecond: 8_000 } as const;

/** Latency by the duration of a flush. */
export function flushTable(basis: Basis): string {
  const rows = FLUSHES_MS.map((flushMs) => {
    const { p50Ms, p99Ms, flushesPerSecond } = predicted(basis, { ...FLUSH_CASE, flushMs });
    return [`${flushMs} ms`, rounded(p50Ms), rounded(p99Ms), rounded(flushesPerSecond)];
  });
  return markdownTable(['a flush takes', 'p50, ms', 'p99, ms', 'flushes/s'], rows);
}

const STRIPES = [1, 2, 4, 8, 16];
const CORES = [2, 4, 8, 16];
export const STRIPE_INSTANCES = 8;

/** Capacity by stripes of each instance and cores of the database. */
export function stripeTable(basis: Basis): string {
  const rows = STRIPES.map((stripes) => [
    stripes === 1 ? '1 stripe' : `${stripes} stripes`,
    ...CORES.map((cores) =>
      rounded(thousands(saturated(basis, { instances: STRIPE_INSTANCES, stripes, cores }).perSecond)),
    ),
  ]);
  return markdownTable(['thousand decisions/s', ...CORES.map((cores) => `${cores} cores`)], rows);
}

function thousands(perSecond: number): number {
  return perSecond / 1000;
}

/** The examples, with as many instances as an application of this size would have anyway. */
const EXAMPLES = [
  { perSecond: 10_000, instances: 4 },
  { perSecond: 100_000, instances: 12 },
  { perSecond: 1_000_000, instances: 50 },
] as const;
const CORES_TO_BUY = [2, 4, 8, 16, 32, 64];
const STRIPES_TO_SET = [2, 4, 8, 16, 32];
/** A database whose cores are busier has nothing left for a bad minute. */
export const MOST_BUSY = 0.6;
export const MOST_P99_MS = 30;

export interface Example {
  readonly perSecond: number;
  readonly instances: number;
  readonly cores: number;
  readonly stripes: number;
  readonly prediction: Prediction;
}

/** The smallest database, and the fewest stripes, with which each example keeps below `MOST_BUSY` and `MOST_P99_MS`. */
export function examples(basis: Basis): Example[] {
  return EXAMPLES.map((example) => {
    const rowCores = (example.perSecond * basis.costs.rowMs) / 1000;
    // Stripes use one core each, and need enough of them for the rows alone.
    for (const cores of CORES_TO_BUY.filter((count) => rowCores < MOST_BUSY * count))
      for (const stripes of STRIPES_TO_SET.filter((count) => count <= cores && count > rowCores)) {
        const prediction = predicted(basis, { ...example, cores, stripes });
        const { busyCores, p99Ms, overBudget } = prediction;
        if (busyCores <= MOST_BUSY * cores && p99Ms <= MOST_P99_MS && overBudget === 0)
          return { ...example, cores, stripes, prediction };
      }
    throw new Error(
      `no database with up to ${CORES_TO_BUY.at(-1)} cores decides ${example.perSecond} calls per second`,
    );
  });
}

export function exampleTable(
  found: readonly Example[],
  { logBytes, connections }: { readonly logBytes: number; readonly connections: (stripes: number) => number },
): string {
  const row = (label: string, of: (example: Example) => string) => [label, ...found.map(of)];
  const rows = [
    row('instances', ({ instances }) => rounded(instances)),
    row('calls/s of each instance', ({ perSecond, instances }) => rounded(Math.round(perSecond / instances))),
    row('`stripes` of the limiter', ({ stripes }) => rounded(stripes)),
    row('cores of the database', ({ cores }) => rounded(cores)),
    row('of them busy', ({ prediction }) => rounded(prediction.busyCores)),
    row('p50, ms', ({ prediction }) => rounded(prediction.p50Ms)),
    row('p99, ms', ({ prediction }) => rounded(prediction.p99Ms)),
    row('rows in a batch', ({ prediction }) => rounded(prediction.rowsPerBatch)),
    row('flushes/s', ({ prediction }) => rounded(prediction.flushesPerSecond)),
    row('log, MB/s', ({ perSecond }) => rounded((perSecond * logBytes) / 1e6)),
    row('connections of all instances, at most', ({ instances, stripes }) => rounded(instances * connections(stripes))),
  ];
  return markdownTable(['', ...found.map(({ perSecond }) => `${perSecond.toLocaleString('en')} decisions/s`)], rows);
}
