import type { History } from '../history/record.js';
import { machineMs } from '../history/record.js';
import { countOf, type Experiment, openWorld, outcomeOf, type Setting, wait } from './experiment.js';

/** A short run has one stop per second. */
const MOST_STOPS = 5;
/** Postgres flushes asynchronous commits within three times wal_writer_delay. */
const STATED_LOSS_MS = 3 * 200;

async function stopFiveTimes(setting: Setting, prepare: string) {
  const world = await openWorld(setting, { prepare, limiter: { budgetMs: 300 } });
  const recoveries = () => countOf(world.server.log(), /was not properly shut down/g);
  const before = recoveries();
  await world.fleet.start();
  const stops = Math.min(MOST_STOPS, Math.ceil(setting.seconds));
  const stoppedAt: number[] = [];
  for (let i = 0; i < stops; i++) {
    await wait(setting.seconds / stops + setting.random.next() * 0.3);
    stoppedAt.push(machineMs());
    await world.server.stopImmediate();
    await wait(0.2);
    await world.server.startAgain();
  }
  await wait(0.5);
  await world.fleet.finish();
  const outcome = await outcomeOf(world);
  const fallback = outcome.history.calls.filter(({ mode }) => mode?.startsWith('fallback')).length;
  const faults = {
    'immediate stops': stoppedAt.length,
    'crash recoveries in the log': recoveries() - before,
    'calls decided without the database': fallback,
  };
  return { ...outcome, faults, stoppedAt };
}

export const immediateStops: Experiment = {
  name: 'immediate-stops',
  what: 'The server is stopped with "pg_ctl stop -m immediate" five times under load',
  seconds: 8,
  async run(setting) {
    const { stoppedAt: _, ...outcome } = await stopFiveTimes(setting, '');
    return outcome;
  },
};

export const asynchronousStops: Experiment = {
  name: 'asynchronous-stops',
  what: 'The same five stops with synchronous_commit = off; units allowed in the last 600 ms before a stop may be lost',
  seconds: 8,
  async run(setting) {
    const prepare = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`;
    const { stoppedAt, ...outcome } = await stopFiveTimes(setting, prepare);
    return { ...outcome, mayLose: unitsAllowedBefore(outcome.history, stoppedAt) };
  },
};

function unitsAllowedBefore({ statements }: History, stops: readonly number[]): number {
  return statements
    .filter(({ answer }) => stops.some((at) => answer && answer.at > at - STATED_LOSS_MS && answer.at <= at + 1000))
    .reduce(
      (sum, { costs, answer }) =>
        sum + (answer?.granted ?? []).reduce((units, n, i) => units + n * (costs[i] as number), 0),
      0,
    );
}
