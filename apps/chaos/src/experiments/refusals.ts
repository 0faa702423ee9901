/** A database that runs but refuses its instances: their password was changed, or the operator closed the database. */
import { writeFileSync } from 'node:fs';
import { countOf, type Experiment, openWorld, outcomeOf, type World, wait } from './experiment.js';

const ROLE = 'chaos_refused';
const FIRST = 'the-first';
const NEXT = 'the-next';

const urlWith = (url: string, password: string) => Object.assign(new URL(url), { username: ROLE, password }).href;

/** Terminates the sessions of the instances, which then open new connections. */
const endSessions = (world: World) =>
  world.server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ROLE}'`);

async function resultOf(world: World, faults: (log: string) => Record<string, number>) {
  await world.fleet.finish();
  const outcome = await outcomeOf(world);
  const { calls } = outcome.history;
  const settled = calls.filter(({ subject, mode }) => subject.endsWith('=settle') && mode === 'enforced');
  return {
    ...outcome,
    faults: {
      ...faults(world.server.log()),
      'calls decided without the database': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
    },
    claims: [
      { what: 'no call failed', holds: calls.every(({ error }) => error === null) },
      { what: 'the database decides again afterward, without a restart', holds: settled.length > 0 },
    ],
  };
}

export const passwordRotated: Experiment = {
  name: 'password-rotated',
  what: "The instances' password is changed and their sessions are terminated; they get the new password three seconds later",
  seconds: 9,
  async run(setting) {
    const server = await setting.lab.server();
    const databaseUrlFile = setting.lab.path('url');
    const world = await openWorld(setting, {
      server,
      prepare: `CREATE ROLE ${ROLE} LOGIN PASSWORD '${FIRST}' IN ROLE rollgate_runtime`,
      databaseUrlFile,
      limiter: { budgetMs: 500 },
    });
    writeFileSync(databaseUrlFile, urlWith(world.url, FIRST));
    await world.fleet.start();
    await wait(2);
    await world.query(`ALTER ROLE ${ROLE} PASSWORD '${NEXT}'`);
    await endSessions(world);
    await wait(3);
    writeFileSync(databaseUrlFile, urlWith(world.url, NEXT));
    await wait(setting.seconds - 5);
    return await resultOf(world, (log) => ({
      'logins refused': countOf(log, /password authentication failed for user "chaos_refused"/g),
    }));
  },
};

export const closedByOperator: Experiment = {
  name: 'closed-by-operator',
  what: 'First the database allows no connections, then the instances lack permission to decide, then their role may open no connection',
  seconds: 14,
  async run(setting) {
    const server = await setting.lab.server();
    const world = await openWorld(setting, {
      server,
      prepare: `CREATE ROLE ${ROLE} LOGIN PASSWORD '${FIRST}' IN ROLE rollgate_runtime`,
      urlOf: (url) => urlWith(url, FIRST),
      limiter: { budgetMs: 500 },
    });
    const acquire = `rollgate.acquire(int[], text[], int[], int[], int[], int[], timestamptz, boolean)`;
    await world.fleet.start();
    await wait(2);
    await server.query(`ALTER DATABASE ${world.database} ALLOW_CONNECTIONS false`);
    await endSessions(world);
    await wait(2);
    await server.query(`ALTER DATABASE ${world.database} ALLOW_CONNECTIONS true`);
    await wait(2);
    await world.query(`REVOKE EXECUTE ON FUNCTION ${acquire} FROM rollgate_runtime`);
    await wait(2);
    await world.query(`GRANT EXECUTE ON FUNCTION ${acquire} TO rollgate_runtime`);
    await wait(2);
    await world.query(`ALTER ROLE ${ROLE} CONNECTION LIMIT 0`);
    await endSessions(world);
    await wait(2);
    await world.query(`ALTER ROLE ${ROLE} CONNECTION LIMIT -1`);
    await wait(Math.max(1, setting.seconds - 12));
    return await resultOf(world, (log) => ({
      'connections refused by the database': countOf(log, /is not currently accepting connections/g),
      'statements without permission': countOf(log, /permission denied for function acquire/g),
      "connections above the role's limit": countOf(log, /too many connections for role/g),
    }));
  },
};
