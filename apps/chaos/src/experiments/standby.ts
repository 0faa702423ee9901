import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@rollgate/testing';
import { type History, machineMs } from '../history/record.js';
import { queryOnce, type Server } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, readTotals, type Setting, wait } from './experiment.js';

export const REPLICATED = { wal_level: 'replica', hot_standby: 'on', wal_receiver_status_interval: '1s' };

export const standby: Experiment = {
  name: 'standby',
  what: 'An asynchronous standby is promoted after its replication was cut off; units allowed since then may be lost, and allowed a second time',
  seconds: 8,
  async run(setting) {
    const { lab } = setting;
    const primary = await lab.server({ settings: REPLICATED });
    const replication = await lab.proxy(primary.url);
    const copy = await copyOf(primary, { setting, url: replication.through(primary.url) });
    const clients = await lab.proxy(primary.url);
    const world = await openWorld(setting, {
      server: primary,
      urlOf: (url) => clients.through(url),
      limiter: { budgetMs: 300 },
    });
    await untilCaughtUp(primary);
    await world.fleet.start();
    await wait(setting.seconds / 3);
    const streamed = replication.seen.passed;
    const severedAt = machineMs();
    replication.set({ kind: 'black-hole' });
    await wait(setting.seconds / 3);
    await primary.stopImmediate();
    await queryOnce(copy.url, 'SELECT pg_promote(true)');
    clients.retarget(copy.url);
    await wait(setting.seconds / 3);
    await world.fleet.finish();
    const newUrl = through(world.url, copy.port);
    const outcome = await outcomeOf({ ...world, totals: () => readTotals(newUrl) });
    const atRisk = unitsAllowedSince(outcome.history, severedAt);
    return {
      ...outcome,
      mayLose: atRisk,
      faults: {
        'bytes replicated': streamed,
        'bytes of replication lost': replication.seen.held,
        'units at risk': atRisk,
        promotions:
          (await queryOnce<{ up: number }>(copy.url, 'SELECT (NOT pg_is_in_recovery())::int AS up'))[0]?.up ?? 0,
      },
      notes: ['a failover loses at most the units that were allowed during the replication lag'],
    };
  },
};

/** Copies the folder of a stopped server, because the embedded binaries do not include pg_basebackup. */
export async function copyOf(primary: Server, { setting, url }: { setting: Setting; url: string }): Promise<Server> {
  const dataFolder = setting.lab.path('standby');
  await primary.stop();
  primary.copyTo(dataFolder);
  const { hostname, port, username, password } = new URL(url);
  writeFileSync(join(dataFolder, 'standby.signal'), '');
  await primary.startAgain();
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password}`;
  return await setting.lab.server({ dataFolder, settings: { ...REPLICATED, primary_conninfo: conninfo } });
}

export async function untilCaughtUp(primary: Server): Promise<void> {
  const caughtUp = 'SELECT FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()';
  await until(async () => (await primary.query(caughtUp)).length > 0, {
    what: 'the standby has caught up',
    pauseMs: 50,
  });
}

export function through(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}

function unitsAllowedSince({ statements }: History, since: number): number {
  // Data that was sent shortly before may have been lost as well.
  return statements
    .filter(({ answer }) => answer !== undefined && answer.at > since - 500)
    .reduce(
      (sum, { costs, answer }) =>
        sum + (answer?.granted ?? []).reduce((units, n, i) => units + n * (costs[i] as number), 0),
      0,
    );
}
