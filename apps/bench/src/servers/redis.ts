/** The Redis servers of a benchmark, each on a free port with its data in a folder that is removed at the end. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, installDebianPackage } from '@rollgate/testing';
import { Redis } from 'ioredis';

export type Durability = 'default' | 'durable';

/** `default` uses the defaults of redis-server: snapshots, so a crash loses up to an hour of allowed calls. */
const REDIS_FLAGS: Readonly<Record<Durability, readonly string[]>> = {
  default: [],
  durable: ['--appendonly', 'yes', '--appendfsync', 'always'],
};

const BINARY = 'redis-server';

export class RedisServer {
  private constructor(
    readonly port: number,
    readonly version: string,
    /** The persistence settings that the server reports. */
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
 * A shell starts the server and blocks on a pipe from this process. When this process ends for any reason, the pipe closes and the shell
 * kills the server; no snapshot is needed. The shell has its own session, so Ctrl-C reaches only this process.
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

/** Installs Debian's redis-server package if redis-server is missing. @throws Error that says what to do. */
export function ensureRedis(progress: (line: string) => void): void {
  if (isInstalled()) return;
  installDebianPackage({ name: BINARY, otherwise: 'install Redis 6.2 or newer', progress });
  if (!isInstalled()) throw new Error('redis-server is still missing after apt-get install redis-server');
}

function isInstalled(): boolean {
  return spawnSync(BINARY, ['--version']).error === undefined;
}
