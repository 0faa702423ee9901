import type { History } from '../history/record.js';
import { machineMs } from '../history/record.js';
import { countOf, type Experiment, openWorld, outcomeOf, type Setting, type WorldOptions, wait } from './experiment.js';

/**
 * With these settings only other commits flush an asynchronous one, so a stop loses every grant that was reported before
 * its flush.
 */
const LAZY_WRITER = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
const ASYNCHRONOUS_STOPS = 5;
/** Postgres flushes asynchronous commits within three times wal_writer_delay. */
const STATED_LOSS_MS = 3 * 200;

interface Stops extends Pick<WorldOptions, 'server' | 'prepare'> {
  /** A shorter run has one stop per second. */
  readonly most: number;
}

async function stopUnderLoad(setting: Setting, { most, ...options }: Stops) {
  const world = await openWorld(setting, { ...options, limiter: { budgetMs: 300 } });
  const recoveries = () => countOf(world.server.log(), /was not properly shut down/g);
  const before = recoveries();
  await world.fleet.start();
  const stops = Math.min(most, Math.ceil(setting.seconds));
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

/** `prepare` is SQL for the new database, by which a test breaks the product. */
export const immediateStopsWith = ({ prepare = '' } = {}): Experiment => ({
  name: 'immediate-stops',
  what: 'The server, which flushes nothing on its own for 10 s, is stopped with "pg_ctl stop -m immediate" twenty times under load',
  seconds: 30,
  async run(setting) {
    const server = await setting.lab.server({ settings: LAZY_WRITER });
    const { stoppedAt: _, ...outcome } = await stopUnderLoad(setting, { server, prepare, most: 20 });
    return { ...outcome, crashed: true };
  },
});

export const immediateStops = immediateStopsWith();

export const asynchronousStops: Experiment = {
  name: 'asynchronous-stops',
  what: 'The server is stopped in the same way five times, with synchronous_commit = off; units allowed in the last 600 ms before a stop may be lost',
  seconds: 8,
  async run(setting) {
    const prepare = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`;
    const { stoppedAt, ...outcome } = await stopUnderLoad(setting, { prepare, most: ASYNCHRONOUS_STOPS });
    return { ...outcome, crashed: true, mayLose: unitsAllowedBefore(outcome.history, stoppedAt) };
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
