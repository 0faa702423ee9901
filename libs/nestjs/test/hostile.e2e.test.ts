/** Malformed subjects and costs are rejected before the store, which gets only the valid calls among them. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Catalogue } from '@rollgate/contract';
import { createLimiter } from '@rollgate/limiter';
import { CountingStore, MemoryStore, ODD_TEXTS, REFUSED_TEXTS, SAME_TEXTS } from '@rollgate/limiter/testing';
import { RateLimit, RollgateModule } from '../src/index.js';
import { ADAPTERS, type App, startApp } from './http-app.js';

const catalogue = new Catalogue([
  {
    id: 'bots',
    title: 'Bots',
    level: ['bot'],
    limits: { perMinute: 100, perHour: 1000 },
    apis: [{ id: 'publish', title: 'Publish' }],
  },
]);

/** The values that the application's resolvers return, as set by the test. */
let sent: { account: unknown; bot: unknown; cost: unknown };

@Controller()
class PublishController {
  @Get('publish')
  @RateLimit({
    api: 'publish',
    cost: () => sent.cost as number,
    subjects: { account: () => sent.account as string, bot: () => sent.bot as string },
  })
  publish() {
    return { ok: true };
  }
}

const hasProto = JSON.parse('{"__proto__":"b"}') as unknown;
const NO_SUBJECTS: ReadonlyArray<readonly [string, unknown]> = [
  ['a list', ['b']],
  ['a list of one list', [['b']]],
  ['an object', { id: 'b' }],
  ['an object that prints well', { toString: () => 'b' }],
  ['an object with __proto__', hasProto],
  ['a boolean', true],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a symbol', Symbol('b')],
  ['a function', () => 'b'],
  ['a date', new Date(0)],
  ['a String object', Object('b')],
];
const NO_COSTS: readonly unknown[] = [
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  1e12,
  '1',
  '',
  null,
  undefined,
  [1],
  1n,
  {},
];
const isBlank = (text: string) => text.trim() === '';

describe.each(ADAPTERS)('$platform', ({ adapter }) => {
  let app: App;
  let store: CountingStore;
  beforeEach(async () => {
    store = new CountingStore(new MemoryStore());
    const imports = [RollgateModule.forRoot({ limiter: createLimiter({ store, catalogue }) })];
    app = await startApp({ adapter: adapter(), imports, controllers: [PublishController] });
  });
  afterEach(() => (app.app as INestApplication).close());

  const call = async (parts: Partial<typeof sent>) => {
    sent = { account: 'acme', bot: 'b', cost: 1, ...parts };
    return await app.call('/publish');
  };

  /** Expects these responses, no calls of the store, and that a valid call afterwards is counted once. */
  const refuses = async (parts: Partial<typeof sent>, { status, field }: { status: number; field?: string }) => {
    const before = store.items.length;
    const answer = await call(parts);
    expect([parts, answer.status]).toEqual([parts, status]);
    expect(answer.body).toMatchObject({ status, message: expect.stringMatching(/\S/) });
    if (field !== undefined) expect(answer.body).toMatchObject({ field });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('ratelimit')).toBeNull();
    expect(store.items.length).toBe(before);
    expect((await call({ bot: 'good' })).status).toBe(200);
    expect(store.items.length).toBe(before + 1);
  };

  it('a bot or an account that is not text is rejected', async () => {
    for (const [, value] of NO_SUBJECTS) {
      await refuses({ bot: value }, { status: 400, field: 'dimensions.bot' });
      await refuses({ account: value }, { status: 400, field: 'account' });
    }
  });

  it('text that is not valid in a subject is rejected, and blank text counts as a missing bot', async () => {
    for (const [, text] of REFUSED_TEXTS) {
      if (isBlank(text)) {
        expect((await call({ bot: text })).status).toBe(200);
        expect(store.items.at(-1)?.subject).toBe('acme/publish/bot=*');
        await refuses({ account: text }, { status: 401 });
      } else {
        await refuses({ bot: text }, { status: 400, field: 'dimensions.bot' });
        await refuses({ account: text }, { status: 400, field: 'account' });
      }
    }
  });

  it('a cost that is not a whole number from 1 to the maximum is rejected, and one above the limit can never succeed', async () => {
    for (const cost of NO_COSTS) await refuses({ cost }, { status: 400, field: 'cost' });
    const dear = await call({ cost: 101 });
    expect([dear.status, dear.body.message]).toEqual([
      422,
      'This call costs 101 units and can never succeed: the limit is 100 in any minute. Split it.',
    ]);
    expect(dear.headers.get('retry-after')).toBeNull();
    expect((await call({ cost: 100 })).status).toBe(200);
  });

  it('two spellings of a name count as one subject, and unusual names each count separately', async () => {
    for (const [, one, other] of SAME_TEXTS) {
      await call({ bot: one });
      await call({ bot: other });
      expect(store.items.at(-1)?.subject).toBe(store.items.at(-2)?.subject);
    }
    const subjects = new Set<string | undefined>();
    for (const bot of ODD_TEXTS) {
      expect((await call({ bot })).status).toBe(200);
      subjects.add(store.items.at(-1)?.subject);
    }
    expect(subjects.size).toBe(ODD_TEXTS.length);
    expect(subjects).not.toContain('acme/publish/bot=*');
  });

  it('in a burst of valid and malformed calls the store gets only the valid ones', async () => {
    let n = 0;
    // Read for each call: every other call has an invalid cost.
    sent = {
      account: 'acme',
      bot: 'b',
      get cost() {
        return n++ % 2 === 0 ? 1 : 0;
      },
    } as typeof sent;
    const answers = await Promise.all(Array.from({ length: 40 }, () => app.call('/publish')));
    const statuses = answers.map(({ status }) => status);
    expect([statuses.filter((s) => s === 200).length, statuses.filter((s) => s === 400).length]).toEqual([20, 20]);
    expect(store.items.reduce((sum, { calls, cost }) => sum + calls * cost, 0)).toBe(20);
  });
});
