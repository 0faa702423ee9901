import { connectTo } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const OLD_DAYS = 3;

export const partitionDrop: Experiment = {
  name: 'partition-drop',
  what: 'Old event partitions are dropped while a reader has them open and instances write new events',
  seconds: 7,
  async run(setting) {
    const world = await openWorld(setting, {
      load: { perSecond: 300 },
      prepare: `SET ROLE rollgate_owner; SELECT rollgate.make_event_day(current_date - 100 - d) FROM generate_series(1, ${OLD_DAYS}) d`,
    });
    const reader = await connectTo(world.url);
    setting.lab.atEnd(() => reader.end());
    await world.fleet.start();
    await reader.query('BEGIN; SELECT count(*) FROM rollgate.limit_event');
    let heldUp = 0;
    let dropped = 0;
    const maintain = async () => {
      const [row] = await world.query<{ did: string | null; held_up: boolean }>(
        'SELECT * FROM rollgate.maintain_events(90, 1)',
      );
      if (row?.held_up) heldUp++;
      if (row?.did?.startsWith('dropped')) dropped++;
      await wait(0.1);
    };
    const half = performance.now() + setting.seconds * 500;
    while (performance.now() < half) await maintain();
    await reader.query('COMMIT');
    const end = performance.now() + setting.seconds * 500;
    while (performance.now() < end) await maintain();
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const denied = calls.filter(({ allowed }) => allowed === false).length;
    const [written] = await world.query<{ n: string }>('SELECT coalesce(sum(count), 0) AS n FROM rollgate.limit_event');
    return {
      ...outcome,
      faults: { 'drops blocked by the reader': heldUp, 'days dropped': dropped },
      claims: [
        {
          what: 'no instance decided without the database',
          holds: calls.every(({ mode }) => !mode?.startsWith('fallback')),
        },
        { what: `each denial is recorded (${written?.n} of ${denied})`, holds: Number(written?.n) === denied },
      ],
    };
  },
};
