/** The guard with the limiter that applications use: behavior that depends on its store. */

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Logger, Post } from '@nestjs/common';
import { rateLimitProblemSchema } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { RateLimit, RollgateModule, rateLimitsController } from '../src/index.js';
import { ADAPTERS, type App, Clock, startApp } from './http-app.js';

@Controller('bots/:botId')
class BotsController {
  @Post('publish')
  @RateLimit('publish-bot')
  publish() {
    return { ok: true };
  }
}

describe.each(ADAPTERS)('on $platform and Postgres', ({ adapter }) => {
  let database: TestDatabase;
  let app: App;
  let clock: Clock;
  const publish = (bot: string) => app.call(`/bots/${bot}/publish`, { method: 'POST' });

  beforeEach(async () => {
    clock = new Clock();
    database = await createTestDatabase();
    app = await startApp({
      adapter: adapter(),
      imports: [
        RollgateModule.forRootAsync({
          useFactory: () => ({
            limiter: createPostgresLimiter({
              catalogue: sampleCatalogue,
              databaseUrl: database.url,
              clock: clock.read,
              janitor: false,
              budgetMs: 20_000,
              outage: { default: 'closed' },
            }),
          }),
        }),
      ],
      controllers: [BotsController, rateLimitsController({ path: 'rate-limits' })],
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.app.close();
    await database.drop();
  });

  it('exactly as many concurrent calls as the limit are allowed, and a denied one is allowed after Retry-After', async () => {
    const statuses = await Promise.all(Array.from({ length: 80 }, async () => (await publish('b-1')).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    const { headers, body } = await publish('b-1');
    expect(rateLimitProblemSchema.strict().parse(body)).toMatchObject({ window: 'minute', limit: 60 });
    expect((await publish('b-2')).status).toBe(201);
    const seconds = Number(headers.get('retry-after'));
    clock.wait({ seconds: seconds - 1 });
    expect((await publish('b-1')).status).toBe(429);
    clock.wait({ seconds: 1 });
    expect((await publish('b-1')).status).toBe(201);
  });

  it('the usage route lists the subjects of the calling account', async () => {
    for (const bot of ['b-1', 'b-2', 'b-2']) await publish(bot);
    const { body } = await app.call('/rate-limits');
    const used = body.items.map((item: { subject: string; windows: { hour: { used: number } } }) => [
      item.subject,
      item.windows.hour.used,
    ]);
    expect(used).toEqual([
      ['acme/publish-bot/bot=b-1', 1],
      ['acme/publish-bot/bot=b-2', 2],
    ]);
  });

  it('calls of an API in outage mode closed get 503 when the database is away, and no handler runs', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    await publish('b-1');
    await database.drop();
    const answers = [await publish('b-1'), await publish('b-2'), await app.call('/rate-limits')];
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(
      Array(3).fill([503, expect.stringMatching(/^[123]$/)]),
    );
  });
});
