/** Compares predictions with the measurements of the section nodes. */
import { median } from '../load/statistics.js';
import { rounded } from '../report/numbers.js';
import type { GridPoint } from '../report/results.js';
import { callersEach, SHARES } from '../sections/node-loads.js';
import { benchDeployment, type Figures } from './costs.js';
import { type Costs, type Prediction, type SimulatedLoad, simulate } from './simulation.js';

/** Predictions should be within this part of the measurement. */
export const TOLERANCE = 0.3;

const MEASURES = ['capacity', 'p50', 'p99'] as const;
type Measure = (typeof MEASURES)[number];

interface Comparison {
  readonly cell: string;
  /** Whether the costs were fitted to this measurement. */
  readonly fitted: boolean;
  readonly measure: Measure;
  readonly load: string;
  readonly measured: number;
  readonly predicted: number;
}

export interface Check {
  readonly comparisons: readonly Comparison[];
  /** Share of the comparisons of each measure that are within the tolerance, without those that were fitted. */
  readonly within: Readonly<Record<Measure, number>>;
  /** Median of the deviations of each measure, as a part of the measurement. */
  readonly deviation: Readonly<Record<Measure, number>>;
}

export function check(figures: Figures, costs: Costs): Check {
  const comparisons = figures.grid.flatMap((point) => compare(point, { figures, costs }));
  const of = (wanted: Measure) =>
    comparisons.filter(({ measure, fitted }) => measure === wanted && !fitted).map(deviation);
  const each = (summary: (deviations: number[]) => number) =>
    Object.fromEntries(MEASURES.map((measure) => [measure, summary(of(measure))])) as Record<Measure, number>;
  return {
    comparisons,
    within: each((all) => all.filter((part) => part <= TOLERANCE).length / Math.max(1, all.length)),
    deviation: each((all) => (all.length === 0 ? 0 : median(all))),
  };
}

function deviation({ predicted, measured }: Comparison): number {
  return Math.abs(predicted - measured) / measured;
}

function compare(point: GridPoint, { figures, costs }: { figures: Figures; costs: Costs }): Comparison[] {
  const cell = `${point.instances === 1 ? '1 instance' : `${point.instances} instances`}, +${point.flushMs} ms`;
  const run = (load: SimulatedLoad): Prediction =>
    simulate({
      deployment: { ...benchDeployment(figures, costs), instances: point.instances, commitDelayMs: point.flushMs },
      load,
      warmUpSeconds: 0.2,
      seconds: 0.5,
      seed: 1,
    });
  const fitted = point.flushMs === 0 && figures.references.some(({ instances }) => instances === point.instances);
  const closed = run({ callersEach: callersEach(point.instances) });
  const capacity: Comparison = {
    cell,
    fitted,
    measure: 'capacity',
    load: 'closed loop',
    measured: point.perSecond,
    predicted: closed.perSecond,
  };
  const latencies = point.open.flatMap(({ perSecond, p50Ms, p99Ms }, place): Comparison[] => {
    const open = run({ perSecond, arrivals: 'even' });
    const load = `${(SHARES[place] ?? 0) * 100} %`;
    return [
      { cell, fitted: false, measure: 'p50', load, measured: p50Ms, predicted: open.p50Ms },
      { cell, fitted: false, measure: 'p99', load, measured: p99Ms, predicted: open.p99Ms },
    ];
  });
  return [capacity, ...latencies];
}

/** The comparisons as a table for a terminal, and a line for each measure. */
export function checkText({ comparisons, within, deviation: medians }: Check): string {
  const head = ['', 'load', 'measure', 'measured', 'predicted', 'ratio', ''];
  const rows = comparisons.map((one) => {
    const verdict = one.fitted ? 'fitted' : deviation(one) <= TOLERANCE ? '' : `off by more than ${TOLERANCE * 100} %`;
    const ratio = rounded(one.predicted / one.measured);
    return [one.cell, one.load, one.measure, rounded(one.measured), rounded(one.predicted), ratio, verdict];
  });
  const grid = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...grid.map((row) => (row[column] as string).length)));
  const lines = grid.map((row) =>
    row
      .map((text, column) =>
        column < 3 || column > 5 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const summary = MEASURES.map(
    (measure) =>
      `${measure}: ${rounded(within[measure] * 100)} % of the predictions are within ${TOLERANCE * 100} %; half of them are off by ` +
      `${rounded(medians[measure] * 100)} % at most`,
  );
  return [...lines, '', ...summary, ''].join('\n');
}
