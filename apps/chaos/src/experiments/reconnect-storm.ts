import type pg from 'pg';
import { connectTo } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

/** Enough for three instances to start: each needs 9, and 3 are reserved for superusers. */
const MOST = 32;
/** Sessions of another program, which takes the connections that the instances lose. */
const OTHERS = 16;
const INSTANCE_PASSWORD = 'of-an-experiment';
const END_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chaos_instance'`;

export const reconnectStorm: Experiment = {
  name: 'reconnect-storm',
  what: `max_connections is ${MOST}, the instances need more, and all sessions are terminated repeatedly`,
  seconds: 9,
  async run(setting) {
    const server = await setting.lab.server({ settings: { max_connections: String(MOST) } });
    const world = await openWorld(setting, {
      server,
      // The instances are no superusers, for whom Postgres reserves connections.
      prepare: `CREATE ROLE chaos_instance LOGIN PASSWORD '${INSTANCE_PASSWORD}' IN ROLE rollgate_runtime`,
      urlOf: (url) => Object.assign(new URL(url), { username: 'chaos_instance', password: INSTANCE_PASSWORD }).href,
      limiter: { budgetMs: 500, stripes: 6, connections: 6 },
      load: { accounts: 60, perSecond: 150 },
    });
    // Connect before the connections run out.
    const admin = await connectTo(world.url);
    setting.lab.atEnd(() => admin.end());
    // An instance that never had a connection decides nothing, so the instances start before the other program.
    await world.fleet.start();
    let ended = 0;
    const endSessions = async () => {
      ended += (await admin.query(END_SESSIONS)).rows.length;
    };
    const others: pg.Client[] = [];
    setting.lab.atEnd(() => Promise.all(others.map((other) => other.end())));
    while (others.length < OTHERS) {
      const other = await connectTo(world.url).catch(endSessions);
      if (other) others.push(other);
    }
    const until = performance.now() + setting.seconds * 1000;
    while (performance.now() < until) {
      await wait(setting.random.between(500, 900) / 1000);
      await endSessions();
    }
    await Promise.all(others.map((other) => other.end()));
    await wait(1);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const refused = outcome.history.mishaps.filter(({ what }) => what === '53300').length;
    const settled = outcome.history.calls.filter(
      ({ subject, mode }) => subject.endsWith('=settle') && mode === 'enforced',
    ).length;
    return {
      ...outcome,
      faults: { 'sessions terminated': ended, 'connections refused': refused + countRefusals(server.log()) },
      claims: [{ what: 'the database decides again afterward', holds: settled > 0 }],
    };
  },
};

const countRefusals = (log: string): number => [...log.matchAll(/too many clients|remaining connection slots/g)].length;
