/**
 * Child: a NestJS application with one route, limited in one of several ways. Prints `listening <port>`, and then, for
 * each line that it receives, `cpu <number of the line> <CPU time of this process so far, µs>`.
 */
import 'reflect-metadata';
import { type ExecutionContext, type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule, type ThrottlerStorage } from '@nestjs/throttler';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { RateLimitGuard, RollgateModule } from '@rollgate/nestjs';
import { ADMIT_ALL } from '../contenders/contender.js';
import { benchCatalogue } from '../contenders/rollgate.js';
import { LimitedController, PlainController } from './controllers.js';

export interface AppJob {
  readonly adapter: 'fastify' | 'express';
  readonly limiter:
    | 'none'
    | 'empty'
    | 'waiting'
    | 'rollgate'
    | 'rollgate-memory'
    | 'throttler-memory'
    | 'throttler-redis';
  readonly databaseUrl: string;
  readonly redisPort: number;
}

interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  user?: { account: string | undefined };
}

/** About the time in which a batch is decided. */
const WAIT_MS = 3;
let waiting: ((yes: boolean) => void)[] = [];

const job = JSON.parse(process.argv[2] ?? '{}') as AppJob;
let readings = 0;
process.stdin.on('end', () => process.exit(1));
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  console.log(`cpu ${++readings} ${user + system}`);
});

@Module(await limited(job))
class AppModule {}

const app = await create(job.adapter);
await app.listen(0, '127.0.0.1');
console.log(`listening ${new URL(await app.getUrl()).port}`);

async function limited({ limiter, databaseUrl, redisPort }: AppJob): Promise<ModuleMetadata> {
  if (limiter === 'none') return { controllers: [PlainController] };
  if (limiter === 'empty' || limiter === 'waiting') {
    const guard = { canActivate: limiter === 'empty' ? () => true : waits };
    return { controllers: [PlainController], providers: [{ provide: APP_GUARD, useValue: guard }] };
  }
  if (limiter === 'rollgate' || limiter === 'rollgate-memory') {
    const catalogue = benchCatalogue(ADMIT_ALL);
    const module = RollgateModule.forRoot({
      limiter:
        limiter === 'rollgate'
          ? createPostgresLimiter({ databaseUrl, catalogue, janitor: false, outage: false })
          : createMemoryLimiter({ catalogue }),
    });
    return {
      imports: [module],
      controllers: [LimitedController],
      providers: [{ provide: APP_GUARD, useClass: RateLimitGuard }],
    };
  }
  const storage = limiter === 'throttler-redis' ? { storage: await redisStorage(redisPort) } : {};
  const module = ThrottlerModule.forRoot({
    throttlers: [
      { name: 'minute', ttl: 60_000, limit: ADMIT_ALL.perMinute },
      { name: 'hour', ttl: 3_600_000, limit: ADMIT_ALL.perHour },
    ],
    // Counts by the same subject as Rollgate.
    getTracker: async (_request, context: ExecutionContext) => {
      const { user, params } = context.switchToHttp().getRequest<Caller>();
      return `${user?.account}/${params['botId']}`;
    },
    ...storage,
  });
  return {
    imports: [module],
    controllers: [PlainController],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  };
}

/** Waits as long as a guard waits for its batch and resolves for all waiting calls together, but no work is done meanwhile. */
function waits(): Promise<boolean> {
  if (waiting.length === 0) {
    setTimeout(() => {
      const answered = waiting;
      waiting = [];
      for (const answer of answered) answer(true);
    }, WAIT_MS);
  }
  return new Promise((resolve) => waiting.push(resolve));
}

async function redisStorage(port: number): Promise<ThrottlerStorage> {
  const { ThrottlerStorageRedisService } = await import('@nest-lab/throttler-storage-redis');
  return new ThrottlerStorageRedisService({ host: '127.0.0.1', port });
}

/**
 * Every variant identifies its caller before any guard runs. This app trusts a header; a real application must verify the
 * caller.
 */
async function create(adapter: AppJob['adapter']): Promise<INestApplication> {
  if (adapter === 'express') {
    const made = await NestFactory.create(AppModule, { logger: ['error'] });
    made.use((request: Caller, _response: unknown, next: () => void) => {
      request.user = { account: request.headers['x-account'] };
      next();
    });
    return made;
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const made = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
  const fastify = made.getHttpAdapter().getInstance() as {
    addHook(name: 'onRequest', hook: (request: Caller, reply: unknown, done: () => void) => void): void;
  };
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.user = { account: request.headers['x-account'] };
    done();
  });
  return made;
}
