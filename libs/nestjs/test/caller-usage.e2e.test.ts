import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Delete, Param, Post } from '@nestjs/common';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { Limiter } from '@rollgate/limiter';
import { CallerUsage, RateLimit, RateLimitsController, rateLimitsController } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, type App, Clock, callTimes, startApp, TokenGuard } from './http-app.js';

@Controller()
class PlatformController {
  @Post('bots/:botId/publish')
  @RateLimit('publish-bot')
  publish(@Param('botId') bot: string) {
    return { bot };
  }

  @Delete('tables/:tableName')
  @RateLimit('delete-data')
  remove(@Param('tableName') table: string) {
    return { table };
  }
}

@Controller('my/limits')
@RateLimit('get-bots')
class OwnRateLimitsController extends RateLimitsController {}

describe.each(ADAPTERS)('on $platform', ({ adapter }) => {
  let app: App;
  let clock: Clock;
  const PATH = '/api/public/rate-limits';
  const publish = (bot: string, account = 'acme') => app.call(`/bots/${bot}/publish`, { method: 'POST', account });

  beforeEach(async () => {
    clock = new Clock();
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateTestingModule.forRoot({ catalogue: sampleCatalogue, clock: clock.read })],
      controllers: [
        PlatformController,
        rateLimitsController({ path: 'api/public/rate-limits', guards: [TokenGuard] }),
        OwnRateLimitsController,
      ],
    });
  });
  afterEach(() => app.app.close());

  it('the usage route lists each API and subject of the calling account with its release schedule', async () => {
    await callTimes(2, () => publish('b-1'));
    clock.wait({ seconds: 10 });
    await publish('b-1');
    await publish('b-9', 'globex');
    await app.call('/tables/orders', { method: 'DELETE' });
    clock.wait({ seconds: 5 });
    const { status, headers, body } = await app.call(PATH);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ account: 'acme', at: '2026-03-01T10:00:15.400Z', next: null });
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ api: 'delete-data', dimensions: { account: 'acme', table: 'orders' } });
    expect(body.items[1]).toEqual({
      account: 'acme',
      api: 'publish-bot',
      group: 'bot-definition',
      subject: 'acme/publish-bot/bot=b-1',
      dimensions: { bot: 'b-1' },
      windows: {
        minute: {
          limit: 60,
          used: 3,
          remaining: 57,
          resetAfterMs: 45_600,
          releases: [
            { afterMs: 45_600, units: 2 },
            { afterMs: 55_600, units: 1 },
          ],
        },
        // Releases are grouped by minute. Both are in the same minute, so both have the later time.
        hour: {
          limit: 1800,
          used: 3,
          remaining: 1797,
          resetAfterMs: 3_585_600,
          releases: [{ afterMs: 3_595_600, units: 3 }],
        },
      },
      source: 'default',
      mode: 'enforced',
      atMs: clock.nowMs,
    });
  });

  it('an hour of traffic is listed as at most 62 releases, none of them too early', async () => {
    const hour = [];
    for (let i = 0; i < 240; i++) {
      await publish('b-1');
      hour.push(clock.nowMs);
      clock.wait({ seconds: 15 });
    }
    const { body } = await app.call(PATH);
    const { used, releases } = body.items[0].windows.hour;
    expect(used).toBe(240);
    expect(releases.length).toBeLessThanOrEqual(62);
    let gone = 0;
    for (const { afterMs, units } of releases) {
      gone += units;
      const left = hour.filter((at) => Math.floor(at / 1000) + 3601 <= (clock.nowMs + afterMs) / 1000).length;
      expect(gone).toBeLessThanOrEqual(left);
    }
    expect(gone).toBe(240);
  });

  it('the usage route spends no units and is not limited', async () => {
    await publish('b-1');
    expect(await callTimes(70, () => app.call(PATH))).toEqual({ 200: 70 });
    const { headers, body } = await app.call(PATH);
    expect(headers.get('ratelimit')).toBeNull();
    expect(body.items.map(({ windows }: { windows: { minute: { used: number } } }) => windows.minute.used)).toEqual([
      1,
    ]);
  });

  it('pages of usage follow key order and list each item once', async () => {
    for (const bot of ['b-3', 'b-1', 'ü/%=', 'b-2', 'b-5']) await publish(encodeURIComponent(bot));
    const seen: string[] = [];
    const sizes: number[] = [];
    let after = '';
    do {
      const { body } = await app.call(`${PATH}?limit=2&after=${encodeURIComponent(after)}`);
      sizes.push(body.items.length);
      seen.push(...body.items.map(({ dimensions }: { dimensions: { bot: string } }) => dimensions.bot));
      after = body.next;
    } while (after !== null);
    expect(sizes).toEqual([2, 2, 1]);
    expect(seen).toEqual(['b-1', 'b-2', 'b-3', 'b-5', 'ü/%=']);
  });

  it('a full last page of usage has no next page', async () => {
    await publish('b-1');
    await publish('b-2');
    expect((await app.call(`${PATH}?limit=2`)).body.next).toBeNull();
  });

  it('a forged cursor shows no usage of another account', async () => {
    await publish('b-1', 'globex');
    const { body } = await app.call(`${PATH}?after=${encodeURIComponent('acm')}`);
    expect(body).toEqual({ account: 'acme', at: expect.stringMatching(/Z$/), items: [], next: null });
    expect((await app.call(`${PATH}?after=${encodeURIComponent('globex/')}`)).body.items).toEqual([]);
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=x'],
    ['limit', 'limit=1&limit=2'],
    ['after', 'after=a&after=b'],
    ['after', 'after=a%00'],
    ['after', `after=${'x'.repeat(9000)}`],
  ])('the usage route rejects a malformed %s with 400', async (field, query) => {
    const { status, headers, body } = await app.call(`${PATH}?${query}`);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ title: 'Bad Request', field });
  });

  it('the usage route responds with 503 and Retry-After while the limiter is unavailable', async () => {
    await app.app.get(Limiter).close();
    const { status, headers, body } = await app.call(PATH);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ title: 'Service Unavailable', status: 503 });
  });

  it('the usage route rejects a call without an account with 401', async () => {
    expect((await app.call(PATH, { account: null })).status).toBe(401);
  });

  it('a controller can extend RateLimitsController, and a limit on its class does not apply to the usage route', async () => {
    await publish('b-1');
    expect(await callTimes(61, () => app.call('/my/limits'))).toEqual({ 200: 61 });
    expect((await app.call('/my/limits')).body.items).toHaveLength(1);
  });

  it('CallerUsage lists usage by account for code that knows the account', async () => {
    await publish('b-1');
    const { items } = await app.app.get(CallerUsage).list('acme');
    expect(items.map(({ subject }) => subject)).toEqual(['acme/publish-bot/bot=b-1']);
  });
});
