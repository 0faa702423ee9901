/** An application over real HTTP, on Express or Fastify, with a test clock. The bearer token is the account. */
import type { AddressInfo } from 'node:net';
import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import { type AbstractHttpAdapter, APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Store } from '@rollgate/limiter';
import { RateLimitGuard } from '../src/index.js';

export const ADAPTERS = [
  { platform: 'Express', adapter: (): AbstractHttpAdapter => new ExpressAdapter() },
  { platform: 'Fastify', adapter: (): AbstractHttpAdapter => new FastifyAdapter() },
];

/** Not a whole second, so that rounding has an effect. */
export class Clock {
  nowMs = Date.parse('2026-03-01T10:00:00.400Z');
  readonly read = (): number => this.nowMs;

  wait({ seconds = 0, ms = 0 }: { seconds?: number; ms?: number }): void {
    this.nowMs += seconds * 1000 + ms;
  }
}

/** Replaces a guard that verifies a token: `Bearer acme` is the account acme. */
@Injectable()
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    const account = request.headers.authorization?.replace('Bearer ', '');
    if (account) request.user = { account };
    return true;
  }
}

export const GLOBAL_GUARDS: Provider[] = [
  { provide: APP_GUARD, useClass: TokenGuard },
  { provide: APP_GUARD, useClass: RateLimitGuard },
];

export interface App {
  readonly app: INestApplication;
  call(
    path: string,
    options?: { method?: string; account?: string | null; headers?: Record<string, string> },
  ): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly body: any;
}

interface AppParts {
  adapter: AbstractHttpAdapter;
  imports: (DynamicModule | Type)[];
  controllers?: Type[];
  providers?: Provider[];
  prepare?: (app: INestApplication) => void;
}

export async function createApp({
  adapter,
  imports,
  controllers = [],
  providers = GLOBAL_GUARDS,
  prepare,
}: AppParts): Promise<INestApplication> {
  @Module({ imports, controllers, providers })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
  prepare?.(app);
  return app;
}

export async function startApp(parts: AppParts): Promise<App> {
  const app = await createApp(parts);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    async call(path, { method = 'GET', account = 'acme', headers = {} } = {}) {
      const authorization = account === null ? {} : { authorization: `Bearer ${account}` };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { ...authorization, ...headers },
      });
      const text = await response.text();
      const json = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
  };
}

/** Repeats a call and counts the responses by status. */
export async function callTimes(times: number, call: () => Promise<Answer>): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  for (let i = 0; i < times; i++) {
    const { status } = await call();
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

/** A store whose database refuses connections. */
export function awayStore(): Store {
  const away = async (): Promise<never> => {
    throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
  };
  return { acquire: away, peek: away, list: away, refund: away, reset: away, close: async () => {} };
}
