/** The tables of the section nodes. */
import type { ClusterResult } from '../children/cluster.js';
import { type ContenderName, LABELS } from '../contenders/registry.js';
import { type Summary, summarise } from '../load/statistics.js';
import type { Column, GridPoint, Row, Table } from '../report/results.js';
import { type Cell, type CellResult, SHARES } from './node-loads.js';

export interface GridCell {
  readonly cell: Cell;
  readonly result: CellResult;
}

/** The fixed load on eight instances, by round. */
export interface Eight {
  readonly fixed: readonly { readonly contender: ContenderName; readonly rounds: readonly ClusterResult[] }[];
  /** Rollgate across the turn of a minute. */
  readonly turning: readonly ClusterResult[];
}

const WITHOUT: Column = { key: 'without', label: 'without the database', unit: '%' };
const GRID_COLUMNS: readonly Column[] = [
  { key: 'rate', label: 'decisions', unit: '/s' },
  { key: 'p50', label: 'p50', unit: 'ms' },
  { key: 'p99', label: 'p99', unit: 'ms' },
  ...SHARES.flatMap((share): Column[] => [
    { key: `p50At${share * 100}`, label: `p50 at ${share * 100} %`, unit: 'ms' },
    { key: `p99At${share * 100}`, label: `p99 at ${share * 100} %`, unit: 'ms' },
  ]),
  WITHOUT,
];

export function instancesLabel(count: number): string {
  return count === 1 ? '1 instance' : `${count} instances`;
}

/** A table for each flush, and one for Redis. */
export function gridTables(
  grid: readonly GridCell[],
  { instances, flushesMs }: { readonly instances: readonly number[]; readonly flushesMs: readonly number[] },
): Table[] {
  const table = (title: string, wanted: (cell: Cell) => boolean): Table => {
    const found = grid.filter(({ cell }) => wanted(cell));
    const contenders = [...new Set(found.map(({ cell }) => cell.contender))];
    const rows = contenders.flatMap((contender) =>
      instances.flatMap((count) =>
        found.filter(({ cell }) => cell.contender === contender && cell.instances === count).map(gridRow),
      ),
    );
    return { title, columns: GRID_COLUMNS, rows };
  };
  const flushTables = flushesMs.map((flushMs) =>
    table(
      flushMs === 0 ? 'Flushes of this disk' : `Flushes ${flushMs} ms longer`,
      (cell) => cell.flushMs === flushMs && cell.contender !== 'rlf-redis',
    ),
  );
  return [...flushTables, table('Redis', ({ contender }) => contender === 'rlf-redis')].filter(
    ({ rows }) => rows.length > 0,
  );
}

export function gridPoint({ cell, result: { closed, open, connections = 0 } }: GridCell): GridPoint {
  const six = (value: number) => Number(value.toPrecision(6));
  return {
    instances: cell.instances,
    flushMs: cell.flushMs,
    perSecond: six(closed.perSecond),
    withoutDatabase: six(Math.max(...[closed, ...open].map(({ withoutDatabase }) => withoutDatabase))),
    connections,
    open: open.map(({ perSecond, percentiles }) => ({
      perSecond: six(perSecond),
      p50Ms: six(percentiles.p50),
      p99Ms: six(percentiles.p99),
    })),
  };
}

function gridRow({ cell, result: { closed, open } }: GridCell): Row {
  const once = (value: number): Summary => summarise([value]);
  const loads = [closed, ...open];
  const values: Record<string, Summary> = {
    rate: once(closed.perSecond),
    p50: once(closed.percentiles.p50),
    p99: once(closed.percentiles.p99),
    without: once((100 * loads.reduce((sum, { withoutDatabase }) => sum + withoutDatabase, 0)) / loads.length),
  };
  for (const [i, share] of SHARES.entries()) {
    const percentiles = open[i]?.percentiles;
    if (percentiles === undefined) continue;
    values[`p50At${share * 100}`] = once(percentiles.p50);
    values[`p99At${share * 100}`] = once(percentiles.p99);
  }
  return { label: `${LABELS[cell.contender]}, ${instancesLabel(cell.instances)}`, values };
}

/** The closed loop on one instance and on eight, in every round. */
export function oneTable(closed: readonly { readonly cell: Cell; readonly perSecond: readonly number[] }[]): Table {
  return {
    title: 'One instance and eight',
    columns: [{ key: 'rate', label: 'decisions', unit: '/s' }],
    chart: 'rate',
    rows: closed.map(({ cell, perSecond }) => ({
      label: `${instancesLabel(cell.instances)}, flushes ${cell.flushMs} ms longer`,
      values: { rate: summarise(perSecond) },
    })),
  };
}

export function eightTable(
  { fixed, turning }: Eight,
  load: { readonly perSecond: number; readonly instances: number; readonly flushMs: number },
): Table {
  const rows = fixed.map(({ contender, rounds }) => ({ label: LABELS[contender], values: fixedValues(rounds) }));
  const across = { label: `${LABELS.rollgate}, across the turn of a minute`, values: fixedValues(turning) };
  return {
    title: `${load.perSecond.toLocaleString('en')} calls per second over ${load.instances} instances, flushes ${load.flushMs} ms longer`,
    columns: [
      { key: 'p50', label: 'p50', unit: 'ms' },
      { key: 'p99', label: 'p99', unit: 'ms' },
      { key: 'p999', label: 'p99.9', unit: 'ms' },
      WITHOUT,
    ],
    rows: turning.length > 0 ? [...rows, across] : rows,
  };
}

function fixedValues(rounds: readonly ClusterResult[]): Record<string, Summary> {
  if (rounds.length === 0) return {};
  const of = (value: (result: ClusterResult) => number): Summary => summarise(rounds.map(value));
  return {
    p50: of(({ percentiles }) => percentiles.p50),
    p99: of(({ percentiles }) => percentiles.p99),
    p999: of(({ percentiles }) => percentiles.p999),
    without: of(({ withoutDatabase }) => 100 * withoutDatabase),
  };
}
