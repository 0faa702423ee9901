/** A world whose server has a standby. Its instances follow a failover, as behind the address of a managed database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TcpProxy, until } from '@rollgate/testing';
import { queryOnce, type Server } from '../lab/server.js';
import { openWorld, readTotals, type Setting, type World, type WorldOptions } from './experiment.js';

const REPLICATED = { wal_level: 'replica', hot_standby: 'on', wal_receiver_status_interval: '1s' };

interface ReplicatedWorld {
  readonly primary: Server;
  /** What the standby receives passes through it. */
  readonly replication: TcpProxy;
  readonly world: World;
  /** Stops the primary immediately, promotes the standby, and sends the instances there. */
  failOver(): Promise<FailedOver>;
}

interface FailedOver {
  /** The world whose totals are those of the promoted server. */
  readonly world: World;
  /** 1 if the standby was promoted, otherwise 0. */
  count(): Promise<number>;
}

/** The standby is a copy of the primary that has caught up. */
export async function openReplicated(
  setting: Setting,
  options: Pick<WorldOptions, 'limiter' | 'prepare'>,
): Promise<ReplicatedWorld> {
  const { lab } = setting;
  const primary = await lab.server({ settings: REPLICATED });
  const replication = await lab.proxy(primary.url);
  const copy = await copyOf(primary, { setting, url: replication.through(primary.url) });
  const clients = await lab.proxy(primary.url);
  const world = await openWorld(setting, { ...options, server: primary, urlOf: (url) => clients.through(url) });
  await untilCaughtUp(primary);
  return {
    primary,
    replication,
    world,
    async failOver() {
      await primary.stopImmediate();
      await queryOnce(copy.url, 'SELECT pg_promote(true)');
      clients.retarget(copy.url);
      const newUrl = through(world.url, copy.port);
      return {
        world: { ...world, totals: () => readTotals(newUrl) },
        async count() {
          const [promoted] = await queryOnce<{ up: number }>(copy.url, 'SELECT (NOT pg_is_in_recovery())::int AS up');
          return promoted?.up ?? 0;
        },
      };
    },
  };
}

/** Copies the folder of a stopped server, because the embedded binaries do not include pg_basebackup. */
async function copyOf(primary: Server, { setting, url }: { setting: Setting; url: string }): Promise<Server> {
  const dataFolder = setting.lab.path('standby');
  await primary.stop();
  primary.copyTo(dataFolder);
  const { hostname, port, username, password } = new URL(url);
  writeFileSync(join(dataFolder, 'standby.signal'), '');
  await primary.startAgain();
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password}`;
  return await setting.lab.server({ dataFolder, settings: { ...REPLICATED, primary_conninfo: conninfo } });
}

async function untilCaughtUp(primary: Server): Promise<void> {
  const caughtUp = 'SELECT FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()';
  await until(async () => (await primary.query(caughtUp)).length > 0, {
    what: 'the standby has caught up',
    pauseMs: 50,
  });
}

function through(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}
