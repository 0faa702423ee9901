import { connectTo } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { edgesIn, fastClock, runFast } from './fast-clock.js';

const SPEED = 10;
const HELD_SECONDS = 1.5;

export const lockHeld: Experiment = {
  name: 'lock-held',
  what: 'Another session locks every lane for 1.5 s, each time across a minute boundary; calls wait',
  seconds: 12,
  async run(setting) {
    const clock = fastClock(SPEED, 30);
    // The budget is long enough to wait for the lanes.
    const world = await openWorld(setting, { clock, prepare: runFast(clock), limiter: { budgetMs: 10_000 } });
    const holder = await connectTo(world.url);
    setting.lab.atEnd(() => holder.end());
    await world.fleet.start();
    let held = 0;
    let waited = 0;
    const until = performance.now() + setting.seconds * 1000;
    while (performance.now() < until) {
      await holder.query('BEGIN; SELECT pg_advisory_xact_lock(7605, l) FROM generate_series(0, 63) l');
      await wait(HELD_SECONDS);
      const { rows } = await holder.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '%rollgate.acquire(%'`,
      );
      waited += rows[0]?.n ?? 0;
      await holder.query('COMMIT');
      held++;
      await wait(1);
    }
    await world.fleet.finish();
    const edges = edgesIn(clock, { seconds: setting.seconds, secondsBefore: 30 });
    return {
      ...(await outcomeOf(world)),
      faults: { 'locks held': held, 'batches seen waiting': waited, 'minute boundaries': edges },
    };
  },
};
