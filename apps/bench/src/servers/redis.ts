/** Redis servers of a bench's own, each on a fresh port with its data in a folder that goes with it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@rollgate/testing';
import { Redis } from 'ioredis';

export type Durability = 'default' | 'durable';

/** `default` is what redis-server does when told nothing: snapshots, so that a crash loses up to an hour of grants. */
export const REDIS_FLAGS: Readonly<Record<Durability, readonly string[]>> = {
  default: [],
  durable: ['--appendonly', 'yes', '--appendfsync', 'always'],
};

const BINARY = 'redis-server';

export class RedisServer {
  private constructor(
    readonly port: number,
    readonly version: string,
    /** What it says of its own persistence. */
    readonly persistence: Readonly<Record<string, string>>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start({ folder, durability }: { folder: string; durability: Durability }): Promise<RedisServer> {
    const data = join(folder, `redis-${durability}`);
    await mkdir(data);
    const port = await freePort();
    const stop = launch(['--port', String(port), '--bind', '127.0.0.1', '--dir', data, ...REDIS_FLAGS[durability]]);
    try {
      const { version, persistence } = await untilAnswering(port);
      return new RedisServer(port, version, persistence, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }
}

/**
 * A shell starts it and waits on a pipe from us: when we are gone, however we went, it ends the server. In a session of its
 * own, so that Ctrl-C reaches only us. Killed, not asked: a last snapshot would be for nobody.
 */
function launch(args: readonly string[]): () => Promise<void> {
  const script = '"$@" >/dev/null 2>&1 & server=$!; read -r _; kill -9 $server; wait $server';
  const shell = spawn('/bin/sh', ['-c', script, BINARY, BINARY, ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  const ended = once(shell, 'exit');
  return async () => {
    shell.stdin.end();
    shell.ref();
    await ended;
  };
}

async function untilAnswering(port: number): Promise<{ version: string; persistence: Record<string, string> }> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    for (let tries = 1; ; tries++) {
      try {
        await redis.connect();
        break;
      } catch (error) {
        if (tries === 200) throw new Error(`redis-server did not answer within 10 s: ${(error as Error).message}`);
        await sleep(50);
      }
    }
    const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? '';
    const persistence: Record<string, string> = {};
    for (const name of ['save', 'appendonly', 'appendfsync']) {
      const [, value] = (await redis.config('GET', name)) as [string, string];
      persistence[name] = value;
    }
    return { version, persistence };
  } finally {
    redis.disconnect();
  }
}

/** Installs Debian's package where there is no redis-server. @throws Error that says what to do. */
export function ensureRedis(progress: (line: string) => void): void {
  if (isInstalled()) return;
  if (spawnSync('apt-get', ['--version']).error !== undefined)
    throw new Error('redis-server is not installed, and this system has no apt-get: install Redis 6.2 or newer');
  if (process.getuid?.() !== 0)
    throw new Error('redis-server is not installed: run "sudo apt-get install redis-server", or run the bench as root');
  progress('redis-server is not installed: running apt-get install redis-server …');
  // Its service is not wanted: a second Redis on this machine would only take from the first.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', BINARY]]) {
    const done = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (done.status !== 0 && args[0] === 'install')
      throw new Error(`apt-get install redis-server failed: ${done.stderr.trim().split('\n').at(-1)}`);
  }
  if (!isInstalled()) throw new Error('redis-server is still not there after apt-get install redis-server');
}

function isInstalled(): boolean {
  return spawnSync(BINARY, ['--version']).error === undefined;
}
