/** The plan that an application finds on the verified identity of a call. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Controller, type ExecutionContext, Post } from '@nestjs/common';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { RateLimit, RollgateModule, rateLimitsController } from '../src/index.js';
import { ADAPTERS, type App, startApp } from './http-app.js';

@Controller('bots/:botId')
class BotsController {
  @Post('publish')
  @RateLimit('publish-bot')
  publish() {
    return { ok: true };
  }
}

let database: TestDatabase;
let app: App;

/** Stands for a claim of the verified token: accounts of `free-…` are on the plan free. */
const planOf = (context: ExecutionContext): string | undefined => {
  const { user } = context.switchToHttp().getRequest<{ user: { account: string } }>();
  return user.account.startsWith('free-') ? 'free' : undefined;
};

beforeAll(async () => {
  database = await createTestDatabase();
  const limiter = createPostgresLimiter({
    databaseUrl: database.url,
    catalogue: sampleCatalogue,
    janitor: false,
    budgetMs: 20_000,
  });
  await limiter.start();
  await database.pool.query(
    `SELECT FROM rollgate.create_plan($1, ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author)`,
    [JSON.stringify({ id: 'free', limits: [{ api: 'publish-bot', per_minute: 2 }], reason: 'price list' })],
  );
  await limiter.refreshPolicy();
  app = await startApp({
    adapter: (ADAPTERS[0] as (typeof ADAPTERS)[number]).adapter(),
    imports: [RollgateModule.forRoot({ limiter, plan: planOf })],
    controllers: [BotsController, rateLimitsController({ path: 'rate-limits' })],
  });
});
afterAll(async () => {
  await app?.app.close();
  await database?.drop();
});

const publish = (account: string) => app.call('/bots/b-1/publish', { method: 'POST', account });

test('decides the calls of its accounts, and the caller sees its limits', async () => {
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await publish('free-1')).status);
  expect(statuses).toEqual([201, 201, 429]);
  const { body } = await app.call('/rate-limits', { account: 'free-1' });
  expect(body.items).toMatchObject([{ source: 'plan:free', windows: { minute: { limit: 2 } } }]);
});

test('changes nothing for calls without a plan', async () => {
  for (let i = 0; i < 3; i++) expect((await publish('acme')).status).toBe(201);
  const { body } = await app.call('/rate-limits', { account: 'acme' });
  expect(body.items).toMatchObject([{ source: 'default', windows: { minute: { limit: 60 } } }]);
});
