import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import type { GridPoint, Results } from '../report/results.js';
import { check, checkText } from './check.js';
import { benchDeployment, costsOf, type Figures, figuresOf, value } from './costs.js';
import { type Costs, simulate } from './simulation.js';

const results = JSON.parse(readFileSync(new URL('../../results.json', import.meta.url), 'utf8')) as Results;
let figures: Figures;
let costs: Costs;

beforeAll(() => {
  figures = figuresOf(results);
  costs = costsOf(figures);
});

test('with the fitted costs, the simulation is as fast as what was measured', () => {
  for (const { instances, callersEach, perSecond } of figures.references) {
    const deployment = { ...benchDeployment(figures, costs), instances, commitDelayMs: 0 };
    const predicted = simulate({ deployment, load: { callersEach }, warmUpSeconds: 0.1, seconds: 0.5, seed: 2 });
    expect(predicted.perSecond / perSecond).toBeGreaterThan(0.85);
    expect(predicted.perSecond / perSecond).toBeLessThan(1.15);
  }
});

test('cells in which the database did not decide all calls are left out', () => {
  const nodes = { title: '', what: '', tables: [], ratios: {} };
  const point = { instances: 1, flushMs: 3, perSecond: 9, connections: 7, open: [] };
  const grid = [0, 0.5].map((withoutDatabase) => ({ ...point, withoutDatabase }));
  const found = figuresOf({ ...results, sections: { ...results.sections, nodes: { ...nodes, grid } } }).grid;
  expect(found).toEqual([{ ...point, withoutDatabase: 0 }]);
});

test('a figure that is missing is named', () => {
  const place = { section: 'growth', table: 'By instances', row: '3 instances', column: 'rate' };
  expect(() => value(results, place)).toThrow('has no "rate" of "3 instances" in "By instances" (section growth)');
});

/** What one simulated instance would have been measured as, times `factor`. */
function pointOf(factor: number): GridPoint {
  const run = (load: Parameters<typeof simulate>[0]['load']) => {
    const deployment = { ...benchDeployment(figures, costs), instances: 1, commitDelayMs: 3 };
    return simulate({ deployment, load, warmUpSeconds: 0.2, seconds: 0.5, seed: 1 });
  };
  const perSecond = run({ callersEach: 256 }).perSecond * factor;
  const open = [0.25, 0.5, 0.75].map((share) => {
    const { p50Ms, p99Ms } = run({ perSecond: share * perSecond, arrivals: 'even' });
    return { perSecond: share * perSecond, p50Ms: p50Ms * factor, p99Ms: p99Ms * factor };
  });
  return { instances: 1, flushMs: 3, perSecond, withoutDatabase: 0, connections: 7, open };
}

test.each([
  [1, 1],
  [0.5, 0],
])('predictions are compared with a measurement that is %f of them', (factor, within) => {
  const checked = check({ ...figures, grid: [pointOf(factor)] }, costs);
  expect(checked.within).toEqual({ capacity: within, p50: within, p99: within });
  expect(checkText(checked)).toContain(within === 1 ? '100 % of the predictions' : 'off by more than 30 %');
});
