/** What the guard passes on about a denied call for the recorded event. */

import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { Recorder } from '@rollgate/limiter';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { RateLimit, RollgateModule } from '../src/index.js';
import { ADAPTERS, type App, Clock, startApp } from './http-app.js';

@Controller('bots/:botId')
class BotsController {
  @Post('publish')
  @RateLimit({ api: 'publish-bot', cost: 61 })
  publish() {
    return { ok: true };
  }

  @Get()
  @RateLimit({ api: 'get-bots', cost: 1_000_000 })
  get() {
    return { ok: true };
  }
}

interface Row {
  readonly route: string | null;
  readonly request_id: string | null;
}

describe.each(ADAPTERS)('on $platform', ({ platform, adapter }) => {
  let app: App;
  let rows: Row[];
  const start = async (prefix?: string): Promise<void> => {
    const clock = new Clock();
    rows = [];
    const recorder = new Recorder({
      write: async (json) => rows.push(...(JSON.parse(json) as Row[])),
      now: clock.read,
      instance: 'test:1',
    });
    app = await startApp({
      adapter: adapter(),
      imports: [
        RollgateModule.forRoot({
          limiter: createMemoryLimiter({ catalogue: sampleCatalogue, clock: clock.read, recorder }),
        }),
      ],
      controllers: [BotsController],
      prepare: (application) => prefix && application.setGlobalPrefix(prefix),
    });
  };
  afterEach(() => app.app.close());

  it('a denial is recorded with the pattern of its route, without the values that the caller sent', async () => {
    await start('v1');
    await app.call('/v1/bots/b-1/publish?secret=1', { method: 'POST' });
    await app.call('/v1/bots/b-2');
    await app.app.close();
    expect(rows.map(({ route }) => route)).toEqual(['POST /v1/bots/:botId/publish', 'GET /v1/bots/:botId']);
  });

  it('a denial is recorded with the HTTP request ID: the server’s own, or else the caller’s if it is safe', async () => {
    await start();
    for (const id of ['req-of-caller', 'x'.repeat(129), 'two words']) {
      await app.call(`/bots/${id.length}/publish`, { method: 'POST', headers: { 'X-Request-Id': id } });
    }
    await app.app.close();
    const ids = rows.map(({ request_id }) => request_id);
    if (platform === 'Fastify') expect(ids).toEqual(['req-1', 'req-2', 'req-3']);
    else expect(ids).toEqual(['req-of-caller', null, null]);
  });
});
