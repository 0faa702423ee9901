/** Repeated denials are answered from memory, as long as they are certain. */
import { describe, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { useLimiterFixture } from './limiter-fixture.js';

const fixture = useLimiterFixture();

describe('denial memory', () => {
  test('a denied subject costs no statements until its retry time, and then goes to the database again', async () => {
    await fixture.spend(61);
    const denied = await fixture.limiter.acquire(fixture.request);
    const asked = fixture.batches;
    for (let i = 0; i < 100; i++) expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(false);
    fixture.clock.advance({ ms: (denied.retryAfterMs as number) - 1 });
    expect(await fixture.limiter.acquire(fixture.request)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    expect(fixture.batches).toBe(asked);
    fixture.clock.advance({ ms: 1 });
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(true);
    expect(fixture.batches).toBe(asked + 1);
  });

  test('a remembered denial by the hour does not name a minute that is over', async () => {
    const catalogue = new Catalogue([
      {
        id: 'g',
        title: 'G',
        level: ['bot'],
        limits: { perMinute: 3, perHour: 3 },
        apis: [{ id: 'publish-bot', title: 'P' }],
      },
    ]);
    const small = fixture.open({ catalogue });
    await fixture.spend(4, small);
    expect(await small.acquire(fixture.request)).toMatchObject({
      violated: ['minute', 'hour'],
      windows: { minute: { used: 3 } },
    });
    fixture.clock.advance({ seconds: 61 });
    expect(await small.acquire(fixture.request)).toMatchObject({
      violated: ['hour'],
      windows: { minute: { used: 0, remaining: 3, resetAfterMs: null }, hour: { used: 3 } },
      retryAfterMs: 3_540_000,
    });
    expect(fixture.batches).toBe(1);
  });

  test('a remembered denial by the minute names it for as long as a clock that stepped back prolongs it', async () => {
    await fixture.spend(60);
    fixture.clock.advance({ seconds: -90 });
    const denied = await fixture.limiter.acquire(fixture.request);
    expect(denied).toMatchObject({ deniedBy: 'minute', retryAfterMs: 151_000 });
    fixture.clock.advance({ seconds: 62 });
    expect(await fixture.limiter.acquire(fixture.request)).toMatchObject({
      allowed: false,
      deniedBy: 'minute',
      violated: ['minute'],
      windows: { minute: { used: 60, remaining: 0 } },
      retryAfterMs: 89_000,
    });
  });

  test('a smaller cost than the denied one goes to the database, and a larger one is answered from memory', async () => {
    await fixture.spend(58);
    expect((await fixture.limiter.acquire({ ...fixture.request, cost: 3 })).allowed).toBe(false);
    const asked = fixture.batches;
    expect((await fixture.limiter.acquire({ ...fixture.request, cost: 4 })).allowed).toBe(false);
    expect(fixture.batches).toBe(asked);
    expect((await fixture.limiter.acquire({ ...fixture.request, cost: 2 })).allowed).toBe(true);
    expect(fixture.batches).toBe(asked + 1);
  });

  test('a refund and a reset end a remembered denial', async () => {
    const [first] = await fixture.spend(60);
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(false);
    expect(await fixture.limiter.refund(first as Decision)).toBe(1);
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(true);
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(false);
    await fixture.limiter.reset(fixture.request);
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(true);
  });

  test('a denial in flight while the subject is freed is not remembered', async () => {
    await fixture.spend(60);
    const late = fixture.limiter.acquire(fixture.request);
    await fixture.limiter.reset(fixture.request); // the denial was requested before the reset is answered
    await late;
    expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(true);
  });

  test('the denial memory is bounded, and a forgotten subject goes to the database again', async () => {
    const forgetful = fixture.open({ maxDeniedSubjects: 1 });
    const first = fixture.request;
    await fixture.spend(61, forgetful);
    fixture.nextSubject();
    await fixture.spend(61, forgetful);
    const asked = fixture.batches;
    expect((await forgetful.acquire(fixture.request)).allowed).toBe(false);
    expect(fixture.batches).toBe(asked);
    expect((await forgetful.acquire(first)).allowed).toBe(false);
    expect(fixture.batches).toBe(asked + 1);
  });
});
