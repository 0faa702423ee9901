/** The loads of the section nodes: one cluster under a closed loop and under open loops at shares of its capacity. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Cluster, type ClusterResult } from '../children/cluster.js';
import type { InstanceJob, Load } from '../children/instance.js';
import type { ContenderName } from '../contenders/registry.js';
import type { Bench } from './bench.js';

/** Callers of each instance in a closed loop. A cluster that grows brings its callers along. */
export const CALLERS_EACH = 256;
/** Most callers of a cluster. More of them would wait for longer than their budget, however well the database decides. */
const MOST_CALLERS = 2_048;

export function callersEach(instances: number): number {
  return Math.min(CALLERS_EACH, MOST_CALLERS / instances);
}

/** Open loops offer these shares of the capacity, the rate of the closed loop. */
export const SHARES = [0.25, 0.5, 0.75] as const;

/** Longest measurement of one cell of the grid. The grid has many cells, and must end within a quarter of an hour. */
const MOST_CELL_SECONDS = 1.5;
const WARM_UP_SECONDS = 0.3;
const MINUTE_MS = 60_000;
/** Answers of calls made at the end of a load. */
const SLACK_MS = 300;

export interface Cell {
  readonly contender: ContenderName;
  readonly instances: number;
  /** By how much each flush of the database is longer. */
  readonly flushMs: number;
}

export interface CellResult {
  readonly closed: ClusterResult;
  /** In the order of `SHARES`. */
  readonly open: readonly ClusterResult[];
  /** Connections to the database, if the contender is Rollgate. */
  readonly connections?: number;
}

/**
 * A cluster whose loads do not span the turn of a minute. In the first second of a minute every decision is the first one of its
 * subject in that minute, which costs several times as much. A short load with a turn can't be compared with one without.
 */
export class SteadyCluster {
  readonly #cluster: Cluster;
  readonly #contender: ContenderName;
  #warmMinute = -1;

  private constructor(cluster: Cluster, contender: ContenderName) {
    this.#cluster = cluster;
    this.#contender = contender;
  }

  /** Starts the cluster, runs `work`, and stops it. */
  static async with<Result>(
    bench: Bench,
    { contender, instances, flushMs }: Cell,
    work: (cluster: SteadyCluster) => Promise<Result>,
  ): Promise<Result> {
    await (await bench.servers.postgres).delayFlushes(flushMs);
    const options: InstanceJob['options'] = { ...(await bench.servers.placeFor(contender)), outage: true };
    const cluster = await Cluster.start(instances, { contender, options });
    try {
      return await work(new SteadyCluster(cluster, contender));
    } finally {
      await cluster.stop();
    }
  }

  closed(seconds: number, warmUpSeconds: number): Promise<ClusterResult> {
    return this.#run({ kind: 'closed', callers: callersEach(this.#cluster.size), warmUpSeconds, seconds });
  }

  /** `perSecond` is the rate of all instances together; 0 becomes one call for each of them. */
  open(perSecond: number, seconds: number): Promise<ClusterResult> {
    return this.#run(this.#openLoad(perSecond, seconds));
  }

  /** An open loop in the middle of which a minute begins. */
  async openAcrossTurn(perSecond: number, seconds: number): Promise<ClusterResult> {
    const load = this.#openLoad(perSecond, seconds);
    const aheadMs = (load.warmUpSeconds + seconds / 2) * 1000;
    await sleep((2 * MINUTE_MS - aheadMs - (Date.now() % MINUTE_MS)) % MINUTE_MS);
    return await this.#cluster.run(load);
  }

  async #run(load: Exclude<Load, { kind: 'pass' }>): Promise<ClusterResult> {
    const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (leftMs < (load.warmUpSeconds + load.seconds) * 1000 + SLACK_MS) await sleep(leftMs);
    const minute = Math.floor(Date.now() / MINUTE_MS);
    // The peers pay nothing for a new minute.
    if (minute !== this.#warmMinute && this.#contender === 'rollgate') await this.#cluster.pass(CALLERS_EACH);
    this.#warmMinute = minute;
    return await this.#cluster.run(load);
  }

  #openLoad(perSecond: number, seconds: number): Extract<Load, { kind: 'open' }> {
    return {
      kind: 'open',
      perSecond: Math.max(perSecond / this.#cluster.size, 1 / seconds),
      warmUpSeconds: WARM_UP_SECONDS,
      seconds,
    };
  }
}

/** Measures one cell of the grid. */
export async function measureCell(bench: Bench, cell: Cell): Promise<CellResult> {
  const seconds = Math.min(MOST_CELL_SECONDS, bench.plan.seconds);
  return await SteadyCluster.with(bench, cell, async (cluster) => {
    const closed = await cluster.closed(seconds, bench.plan.warmUpSeconds);
    const open: ClusterResult[] = [];
    for (const share of SHARES) open.push(await cluster.open(share * closed.perSecond, seconds));
    return { closed, open, ...(cell.contender === 'rollgate' ? { connections: await countConnections(bench) } : {}) };
  });
}

const CONNECTIONS =
  "SELECT count(*)::int AS found FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'rollgate%'";

async function countConnections(bench: Bench): Promise<number> {
  const [row] = await queryRollgate<{ found: number }>(bench, CONNECTIONS);
  return row?.found ?? 0;
}

/** When a batch of this version leaves its lanes. A version that flushes in a statement of its own leaves them at the commit. */
export async function lockReleaseOf(bench: Bench): Promise<'early' | 'flush'> {
  const [row] = await queryRollgate<{ early: boolean }>(
    bench,
    "SELECT to_regproc('rollgate.flush') IS NOT NULL AS early",
  );
  return row?.early ? 'early' : 'flush';
}

async function queryRollgate<Row extends object>({ servers }: Bench, text: string): Promise<Row[]> {
  const { databaseUrl } = await servers.placeFor('rollgate');
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
