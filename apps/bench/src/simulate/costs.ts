/** The costs of a simulation, from the figures of a run of the benchmark. */
import { LABELS } from '../contenders/registry.js';
import type { GridPoint, Results } from '../report/results.js';
import { CALLERS } from '../sections/bench.js';
import { callersEach } from '../sections/node-loads.js';
import type { LockRelease } from './database.js';
import { type Costs, type Deployment, simulate } from './simulation.js';

/** Two measured closed loops, which determine the cost of a call and that of a batch. */
interface Reference {
  readonly instances: number;
  readonly callersEach: number;
  readonly perSecond: number;
}

/** What a run of the benchmark says about the machine and about Rollgate on it. */
export interface Figures {
  readonly cores: number;
  readonly flushMs: number;
  /** `SELECT 1` by a single caller, with what the driver and the server need for it. */
  readonly roundTripMs: number;
  /** `SELECT 1` with a durable commit. */
  readonly commitMs: number;
  /** A decision of a single caller. */
  readonly aloneMs: number;
  /** By how much the slowest of a hundred decisions of 16 callers was slower than half of them. */
  readonly pauseMs: number;
  /** Core time of a decision in the database, in large batches. */
  readonly databaseMs: number;
  /** One instance, and several. */
  readonly references: readonly [Reference, Reference];
  /**
   * The measurements of the section `nodes`, without those in which the database did not decide nearly all calls, because outages are
   * not simulated; empty if the section is missing.
   */
  readonly grid: readonly GridPoint[];
  /** When a batch of the measured version leaves its lanes. */
  readonly release: LockRelease;
  readonly subjects: number;
  readonly accounts: number;
}

const MOST_WITHOUT_DATABASE = 0.01;

/** @throws Error that names a section which is missing in the results */
export function figuresOf(results: Results): Figures {
  const growth = (table: string, row: string, column: string) =>
    value(results, { section: 'growth', table, row, column });
  const alone = (row: string) => value(results, { section: 'latency', table: 'One caller', row, column: 'p50' });
  const busy = (column: string) =>
    value(results, { section: 'latency', table: '16 callers', row: LABELS.rollgate, column });
  const grid = (results.sections['nodes']?.grid ?? []).filter(
    (point) => point.withoutDatabase <= MOST_WITHOUT_DATABASE,
  );
  const perSecond = (instances: number) =>
    growth('By instances', instances === 1 ? '1 instance' : `${instances} instances`, 'rate');
  const ofGrowth = (instances: number): Reference => ({
    instances,
    callersEach: CALLERS / instances,
    perSecond: perSecond(instances),
  });
  const inGrid = [1, 8].flatMap((instances) =>
    grid
      .filter((point) => point.instances === instances && point.flushMs === 0)
      .map((point): Reference => ({ instances, callersEach: callersEach(instances), perSecond: point.perSecond })),
  );
  const [one, eight] = inGrid;
  return {
    cores: results.machine.cores,
    flushMs: results.machine.flushMs,
    roundTripMs: alone(LABELS['select-1']),
    commitMs: alone(LABELS['select-1-commit']),
    aloneMs: alone(LABELS.rollgate),
    pauseMs: busy('p99') - busy('p50'),
    databaseMs: growth('By stored subjects', '10,000 subjects', 'cpu') / 1000,
    references: one && eight ? [one, eight] : [ofGrowth(1), ofGrowth(4)],
    grid,
    release: results.sections['nodes']?.lockRelease ?? 'flush',
    subjects: results.settings.subjects,
    accounts: results.settings.accounts,
  };
}

interface Place {
  readonly section: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** The median of one cell of the results. @throws Error that names the cell if it is missing */
export function value({ sections }: Pick<Results, 'sections'>, { section, table, row, column }: Place): number {
  const found = sections[section]?.tables.find(({ title }) => title === table)?.rows.find(({ label }) => label === row)
    ?.values[column]?.median;
  if (found === undefined)
    throw new Error(`apps/bench/results.json has no "${column}" of "${row}" in "${table}" (section ${section})`);
  return found;
}

/** The benchmark's own deployment: everything on one machine. */
export function benchDeployment(figures: Figures, costs: Costs): Omit<Deployment, 'instances' | 'commitDelayMs'> {
  const { cores, flushMs, roundTripMs, release, subjects, accounts } = figures;
  return { ...DEFAULTS, release, cores, flushMs, roundTripMs, subjects, accounts, costs, sharedCores: true };
}

/** The defaults of a limiter. */
export const DEFAULTS = { stripes: 2, batchesInFlight: 2, maxItems: 1_000, release: 'early' } as const;

const ROUNDS = 3;
const STEPS = 9;
const MOST_CALL_MS = 0.2;
const MOST_CROWDED_MS = 5;
const FIT_SECONDS = 0.25;

/**
 * The cost of a batch is what a single caller waits for beside a commit. The cost of a row is what the database needs for a decision
 * beside its batch. The cost of a call is the one with which a simulated instance is as fast as a measured one, and what a batch costs in
 * addition if all cores are busy the one with which several instances are: together they have more programs than the machine has cores.
 */
export function costsOf(figures: Figures): Costs {
  const { aloneMs, commitMs, databaseMs, pauseMs } = figures;
  const [one, several] = figures.references;
  const flushMs = Math.max(0, commitMs - figures.roundTripMs - figures.flushMs);
  const batchMs = Math.max(0, aloneMs - commitMs - databaseMs);
  let costs: Costs = { batchMs, rowMs: databaseMs, callMs: 0.005, flushMs, crowdedMs: 0, pauseMs };
  for (let round = 0; round < ROUNDS; round++) {
    const { rowsPerBatch } = simulated(figures, costs, one);
    costs = { ...costs, rowMs: Math.max(databaseMs / 2, databaseMs - (batchMs + costs.crowdedMs) / 2 / rowsPerBatch) };
    costs = { ...costs, callMs: fitted(MOST_CALL_MS, one, (callMs) => predict(figures, { ...costs, callMs }, one)) };
    const rate = (crowdedMs: number) => predict(figures, { ...costs, crowdedMs }, several);
    costs = { ...costs, crowdedMs: fitted(MOST_CROWDED_MS, several, rate) };
  }
  return costs;
}

function predict(figures: Figures, costs: Costs, reference: Reference): number {
  return simulated(figures, costs, reference).perSecond;
}

function simulated(figures: Figures, costs: Costs, { instances, callersEach }: Reference) {
  return simulate({
    deployment: { ...benchDeployment(figures, costs), instances, commitDelayMs: 0 },
    load: { callersEach },
    warmUpSeconds: 0.1,
    seconds: FIT_SECONDS,
    seed: 1,
  });
}

/** The cost from 0 to `most` with which `rate` is that of the reference. A higher cost gives a lower rate. */
function fitted(most: number, { perSecond }: Reference, rate: (cost: number) => number): number {
  let low = 0;
  let high = most;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (rate(middle) > perSecond) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
