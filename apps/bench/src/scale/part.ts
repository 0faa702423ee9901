/** The generated part of docs/scale.md: measured figures, and predictions that the simulation makes of them. */
import { rounded } from '../report/numbers.js';
import type { Results } from '../report/results.js';
import { costsOf, figuresOf } from '../simulate/costs.js';
import { logBytes, measuredTable } from './measured.js';
import {
  type Basis,
  type Example,
  examples,
  exampleTable,
  FLUSH_CASE,
  flushTable,
  MOST_BUSY,
  MOST_P99_MS,
  STRIPE_INSTANCES,
  stripeTable,
} from './predicted.js';

/** Most connections of an instance beside one for each stripe: see "Connections" in docs/operations.md. */
const OTHER_CONNECTIONS = 6;

export function scalePart(results: Results): string {
  const figures = figuresOf(results);
  const basis: Basis = { figures, costs: costsOf(figures) };
  const found = examples(basis);
  return [
    '## What was measured',
    `On ${results.date.slice(0, 10)}, on ${results.machine.cores} cores (${results.machine.cpu}); the costs of a call and of a batch are fitted to the ` +
      'capacities of one instance and of several. A faster core divides them.',
    measuredTable({ results, ...basis }),
    '## Flush against latency',
    `Predicted for ${FLUSH_CASE.perSecond.toLocaleString('en')} calls per second over ${FLUSH_CASE.instances} instances, a database with ${FLUSH_CASE.cores} cores, ` +
      'and a round trip of 0.5 ms. A call waits for the flush that is under way and for its own, so its latency follows the flush of the disk; the ' +
      'capacity hardly does, because one flush serves all batches that wait for it.',
    flushTable(basis),
    '## When to add stripes, when to add cores',
    `Capacity of ${STRIPE_INSTANCES} saturated instances, predicted, with a flush of 1 ms. A batch holds the lanes of its calls while it is decided, and the ` +
      'batches of a stripe concern the same lanes, so all instances together use about as many cores as there are stripes. Raise `stripes` when ' +
      'the database has idle cores and calls wait; add cores when it has none. More stripes make smaller batches, which cost more: with ' +
      'the cores of the database busy anyway, they take capacity away.',
    stripeTable(basis),
    '## Three examples',
    `For each rate, the smallest database and the fewest stripes with which at most ${rounded(MOST_BUSY * 100)} % of the cores are busy and p99 is at most ` +
      `${MOST_P99_MS} ms, predicted with a flush of 1 ms and a round trip of 0.5 ms. Each instance has one core for its own calls.`,
    exampleTable(found, { logBytes: logBytes(results), connections: (stripes) => stripes + OTHER_CONNECTIONS }),
    conclusion(found.at(-1) as Example),
  ].join('\n\n');
}

function conclusion({ perSecond, cores, instances }: Example): string {
  return (
    `The simulation is fitted on a small machine. It knows nothing of what only a large one has: the bandwidth of its memory and its network, and ` +
    `processes that wait for each other inside Postgres. Take the column of ${perSecond.toLocaleString('en')} decisions/s, with ${cores} cores and ${instances} instances, as ` +
    'the least that is needed, and measure before you rely on it. Its stripes and connections exceed the rule in the first section, so `max_connections` must be raised for it. ' +
    'Beyond one server, divide the rate by the number of servers of a Citus cluster: a decision concerns one lane, ' +
    'and a lane is on one server.'
  );
}
