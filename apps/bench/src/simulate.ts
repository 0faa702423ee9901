/** Program: the simulation of a deployment. */
import { readFileSync } from 'node:fs';
import { Program } from '@rollgate/testing';
import { rounded } from './report/numbers.js';
import type { Results } from './report/results.js';
import { atRate, capacityOf } from './simulate/capacity.js';
import { check, checkText, TOLERANCE } from './simulate/check.js';
import { costsOf, figuresOf } from './simulate/costs.js';
import { HELP, readOptions, type SimulateOptions } from './simulate/options.js';
import type { Costs, Prediction } from './simulate/simulation.js';

process.exitCode = await new Program().run(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const figures = figuresOf(JSON.parse(readFileSync(options.results, 'utf8')) as Results);
  const costs = { ...costsOf(figures), ...options.costs };
  if (!options.check) {
    predict(options, costs);
    return 0;
  }
  if (figures.grid.length === 0)
    throw new Error(`${options.results} has no section "nodes": run "npm run bench -- --only nodes --add"`);
  const result = check(figures, costs);
  process.stdout.write(
    options.json ? `${JSON.stringify({ costs, ...result })}\n` : `${costsText(costs)}\n\n${checkText(result)}`,
  );
  return Object.values(result.deviation).some((part) => part > TOLERANCE) ? 1 : 0;
});

function predict({ deployment, perSecond, seed, json }: SimulateOptions, costs: Costs): void {
  const setting = { deployment: { ...deployment, costs }, seed };
  const capacity = capacityOf(setting);
  const prediction = perSecond === undefined ? undefined : atRate(perSecond, setting);
  if (json) process.stdout.write(`${JSON.stringify({ deployment: setting.deployment, seed, capacity, prediction })}\n`);
  else
    process.stdout.write(
      `${[costsText(costs), `capacity: ${rounded(capacity)} decisions/s`, ...lines(prediction)].join('\n')}\n`,
    );
}

function costsText({ callMs, rowMs, batchMs, crowdedMs }: Costs): string {
  const micros = (ms: number) => `${rounded(ms * 1000)} µs`;
  return `core time: a call ${micros(callMs)} in the application, a row ${micros(rowMs)} in the database, a batch ${micros(batchMs)} in both, or ${micros(batchMs + crowdedMs)} if all cores are busy`;
}

function lines(prediction: Prediction | undefined): string[] {
  if (prediction === undefined) return [];
  const { perSecond, p50Ms, p99Ms, batchesPerSecond, rowsPerBatch, flushesPerSecond, busyCores, overBudget } =
    prediction;
  return [
    `decided: ${rounded(perSecond)}/s; p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms; ${rounded(overBudget * 100)} % over the budget of a call`,
    `batches: ${rounded(batchesPerSecond)}/s with ${rounded(rowsPerBatch)} rows each; ${rounded(flushesPerSecond)} flushes/s; ${rounded(busyCores)} cores busy`,
  ];
}
