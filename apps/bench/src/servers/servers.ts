/** The servers of a benchmark. Each is started on first use, and all are stopped at the end. */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectProcess } from '@rollgate/testing';
import { ADMIT_ALL, type ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, FUNCTION_YARDSTICKS } from '../contenders/registry.js';
import { PostgresServer } from './postgres.js';
import { type Durability, ensureRedis, RedisServer } from './redis.js';

type Progress = (line: string) => void;

export class Servers {
  readonly folder: string;
  readonly #progress: Progress;
  #postgres: Promise<PostgresServer> | undefined;
  readonly #redis = new Map<Durability, Promise<RedisServer>>();

  private constructor(folder: string, progress: Progress) {
    this.folder = folder;
    this.#progress = progress;
  }

  static async open(progress: Progress): Promise<Servers> {
    await removeAbandoned();
    const folder = await mkdtemp(join(tmpdir(), `rollgate-bench-${process.pid}-`));
    // If this process is root, Postgres runs as another user and must be able to enter the folder.
    await chmod(folder, 0o711);
    return new Servers(folder, progress);
  }

  get postgres(): Promise<PostgresServer> {
    this.#postgres ??= PostgresServer.start(this.folder);
    return this.#postgres;
  }

  redis(durability: Durability): Promise<RedisServer> {
    let server = this.#redis.get(durability);
    if (server === undefined) {
      ensureRedis(this.#progress);
      server = RedisServer.start({ folder: this.folder, durability });
      this.#redis.set(durability, server);
    }
    return server;
  }

  /** Starts and returns the store in which a contender counts. Each contender that counts in Postgres has its own database. */
  async placeFor(name: ContenderName, limits = ADMIT_ALL): Promise<Omit<ContenderOptions, 'clock'>> {
    if (name === 'rlf-redis' || name === 'throttler-redis' || name === 'rlf-redis-durable') {
      const { port } = await this.redis(name === 'rlf-redis-durable' ? 'durable' : 'default');
      return { databaseUrl: '', redisPort: port, limits };
    }
    const migrated = name === 'rollgate' || FUNCTION_YARDSTICKS.includes(name);
    const postgres = await this.postgres;
    const databaseUrl = await postgres.database(`bench_${name.replaceAll('-', '_')}`, { migrated });
    return { databaseUrl, redisPort: 0, limits };
  }

  /** Versions of the servers that were started. */
  async versions(): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    if (this.#postgres) versions['postgres'] = await (await this.#postgres).version();
    for (const server of this.#redis.values()) versions['redis'] = (await server).version;
    return versions;
  }

  async redisPersistence(): Promise<Record<string, Readonly<Record<string, string>>>> {
    const entries = [...this.#redis].map(async ([name, server]) => [name, (await server).persistence] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  async close(): Promise<void> {
    const started = [this.#postgres, ...this.#redis.values()].filter((server) => server !== undefined);
    // A server that failed to start need not be stopped.
    await Promise.all(started.map((server) => server.then((up) => up.stop()).catch(() => undefined)));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Removes the folders of runs that were killed. Their watchdogs stop the servers but can't remove the folders. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^rollgate-bench-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && inspectProcess(pid) === undefined) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
