/** The measured figures of docs/scale.md. */
import { LABELS } from '../contenders/registry.js';
import { rounded } from '../report/numbers.js';
import type { Results } from '../report/results.js';
import { type Figures, value } from '../simulate/costs.js';
import type { Costs } from '../simulate/simulation.js';
import { markdownTable } from './markdown.js';

export interface Measured {
  readonly results: Results;
  readonly figures: Figures;
  readonly costs: Costs;
}

export function measuredTable({ results, figures, costs }: Measured): string {
  const rows = [
    ['decisions/s of one core of the database, in large batches', rounded(1000 / figures.databaseMs)],
    ['decisions/s of one core of an application, in large batches', rounded(1000 / costs.callMs)],
    ['core time of a batch, in the database and the application together', `${rounded(costs.batchMs * 1000)} µs`],
    ['the same, if all cores are busy', `${rounded((costs.batchMs + costs.crowdedMs) * 1000)} µs`],
    ['bytes of the log for each allowed call, many callers', rounded(logBytes(results))],
    ['bytes of a subject with its indexes', rounded(subjectBytes(results))],
    ...connectionRow(figures),
  ];
  return markdownTable(['on the machine of the benchmark', ''], rows);
}

export function logBytes(results: Results): number {
  const table = 'Log written per allowed call, both windows';
  return value(results, { section: 'bytes', table, row: LABELS.rollgate, column: 'busy' });
}

function subjectBytes(results: Results): number {
  return value(results, { section: 'reads', table: 'Space, with indexes', row: 'a subject', column: 'size' });
}

/** Connections of one instance under load; `undefined` while the results do not have them. */
function connectionsEach({ grid }: Figures): number | undefined {
  const most = Math.max(0, ...grid.map(({ connections, instances }) => connections / instances));
  return most > 0 ? Math.ceil(most) : undefined;
}

function connectionRow(figures: Figures): string[][] {
  const each = connectionsEach(figures);
  return each === undefined ? [] : [['connections of an instance under load', rounded(each)]];
}
