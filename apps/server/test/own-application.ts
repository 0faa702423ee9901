/** A NestJS application that uses Rollgate as an outsider's does: its own catalogue, guard and resolvers, no sample. */
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter, type PostgresLimiter } from '@rollgate/limiter';
import { RateLimit, RateLimitGuard, RollgateModule } from '@rollgate/nestjs';

/** Three groups: two dimensions and an own message, an address and a group scope, and whole accounts. */
export const OWN_CATALOGUE = new Catalogue([
  {
    id: 'orders',
    title: 'Orders',
    level: ['bot', 'user'],
    limits: { perMinute: 5, perHour: 50 },
    apis: [
      { id: 'place-order', title: 'Place an order', message: 'Too many orders. Please wait a moment.' },
      { id: 'cancel-order', title: 'Cancel an order', limits: { perMinute: 2, perHour: 20 } },
    ],
  },
  {
    id: 'pages',
    title: 'Pages',
    level: ['ip'],
    scope: 'group',
    limits: { perMinute: 4, perHour: 40 },
    apis: [
      { id: 'home', title: 'Home' },
      { id: 'about', title: 'About us' },
    ],
  },
  {
    id: 'reports',
    title: 'Reports',
    level: ['account'],
    limits: { perMinute: 3, perHour: 30 },
    apis: [{ id: 'year-report', title: 'Year report' }],
  },
]);

/** Replaces a guard that verifies a token: `Bearer acme` is the account acme. */
@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = { account: request.headers.authorization?.replace('Bearer ', '') };
    return true;
  }
}

const headerOf = (name: string) => (context: ExecutionContext) =>
  context.switchToHttp().getRequest().headers[`x-${name}`] as string | undefined;

export interface OwnApplication {
  readonly limiter: PostgresLimiter;
  /** `GET /<api>` as an account, with its dimensions as headers. */
  call(
    api: string,
    by: { account: string; dimensions?: Readonly<Record<string, string>> },
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  close(): Promise<void>;
}

export async function startApplication({
  databaseUrl,
  catalogue,
  application,
}: {
  databaseUrl: string;
  catalogue: Catalogue;
  application: string;
}): Promise<OwnApplication> {
  const limiter = createPostgresLimiter({ databaseUrl, catalogue, application, janitor: false, budgetMs: 20_000 });
  const dimensions = new Set(catalogue.entries().flatMap(({ level }) => level));
  dimensions.delete('account');
  const subjects = Object.fromEntries([...dimensions].map((name) => [name, headerOf(name)]));
  @Module({
    imports: [RollgateModule.forRoot({ limiter, subjects })],
    controllers: catalogue.entries().map(({ id }) => controllerOf(id)),
    providers: [
      { provide: APP_GUARD, useClass: TokenGuard },
      { provide: APP_GUARD, useClass: RateLimitGuard },
    ],
  })
  class ApplicationModule {}
  const app: INestApplication = await NestFactory.create(ApplicationModule, new ExpressAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    limiter,
    async call(api, by) {
      const headers: Record<string, string> = { authorization: `Bearer ${by.account}` };
      for (const [name, value] of Object.entries(by.dimensions ?? {})) headers[`x-${name}`] = value;
      const response = await fetch(`${url}/${api}`, { headers });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    },
    close: () => app.close(),
  };
}

function controllerOf(api: string): Type {
  @Controller(api)
  class ApiController {
    @Get()
    @RateLimit(api)
    get(): object {
      return { api };
    }
  }
  return ApiController;
}
