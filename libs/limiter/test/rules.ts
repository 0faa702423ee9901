/**
 * The limiter's guarantees as a list of rules, each a check that throws. The conformance suite runs them on every
 * store; the mutant suite runs them on a broken rule and expects the named one to throw.
 */
import { expect } from '@jest/globals';
import type { Limits } from '@rollgate/contract';
import type { TestClock } from '@rollgate/testing';
import type { Store } from '../src/store/store.js';
import { Subject, T0 } from './stores.js';

export interface RuleContext {
  readonly store: Store;
  readonly clock: TestClock;
}

const second = (at: number): number => T0 / 1000 + at;

/** One step of a table: a number of calls at a time, and how many of them are granted. */
interface Step {
  at: number;
  calls?: number;
  cost?: number;
  granted: number;
  /** Expected `retryAt`, in seconds after T0. */
  retryAt?: number;
}

async function walk(context: RuleContext, limits: Limits, steps: readonly Step[]): Promise<void> {
  const subject = new Subject(context.store, context.clock, limits);
  for (const { granted, retryAt, ...ask } of steps) {
    const row = await subject.ask(ask);
    expect({ at: ask.at, granted: row.granted }).toEqual({ at: ask.at, granted });
    if (retryAt !== undefined)
      expect({ at: ask.at, retryAt: row.retryAt }).toEqual({ at: ask.at, retryAt: second(retryAt) });
  }
}

const table =
  (limits: Limits, steps: readonly Step[]) =>
  (context: RuleContext): Promise<void> =>
    walk(context, limits, steps);

const wide = 1_000_000;

export const rules: Readonly<Record<string, (context: RuleContext) => Promise<void>>> = {
  'a call that reaches the limit is allowed, and one more is denied': table({ perMinute: 3, perHour: wide }, [
    { at: 0, granted: 1 },
    { at: 0, granted: 1 },
    { at: 0.999, granted: 1 },
    { at: 0.999, granted: 0, retryAt: 61 },
  ]),
  'a burst is granted up to the limit, starting with its first calls': table({ perMinute: 3, perHour: wide }, [
    { at: 0, calls: 10, granted: 3, retryAt: 61 },
  ]),
  'units of the partly covered oldest second still count': table({ perMinute: 1, perHour: wide }, [
    { at: 0.999, granted: 1 },
    { at: 59.999, granted: 0 },
    { at: 60, granted: 0, retryAt: 61 }, // 59.001 s after the grant
    { at: 60.999, granted: 0, retryAt: 61 },
    { at: 61, granted: 1 },
  ]),
  'a burst before the minute edge counts after it': table({ perMinute: 5, perHour: wide }, [
    { at: 59, calls: 5, granted: 5 },
    { at: 60, calls: 1, granted: 0, retryAt: 120 },
    { at: 119.5, calls: 1, granted: 0, retryAt: 120 },
    { at: 120, calls: 9, granted: 5, retryAt: 181 },
  ]),
  'the minute drains second by second': table({ perMinute: 3, perHour: wide }, [
    { at: 10, granted: 1 },
    { at: 20, granted: 1 },
    { at: 30, granted: 1 },
    { at: 70, granted: 0, retryAt: 71 },
    { at: 71, calls: 3, granted: 1, retryAt: 81 },
    { at: 81, calls: 3, granted: 1, retryAt: 91 },
    { at: 91, calls: 3, granted: 1, retryAt: 132 },
  ]),
  'calls after a gap of a minute, an hour or a day are counted correctly': table({ perMinute: 2, perHour: 3 }, [
    { at: 0, calls: 2, granted: 2 },
    { at: 125, calls: 2, granted: 1, retryAt: 3601 },
    { at: 3600, granted: 0, retryAt: 3601 },
    { at: 3601, calls: 3, granted: 2, retryAt: 3726 },
    { at: 7300, calls: 3, granted: 2, retryAt: 7361 },
    { at: 90_000, calls: 3, granted: 2, retryAt: 90_061 },
  ]),
  'every call is denied when the hour is spent, even if the minute has room': table({ perMinute: 4, perHour: 6 }, [
    { at: 5, calls: 4, granted: 4 },
    { at: 70, calls: 4, granted: 2, retryAt: 3606 },
    { at: 200, granted: 0, retryAt: 3606 },
    { at: 3605.999, granted: 0, retryAt: 3606 },
    { at: 3606, calls: 9, granted: 4, retryAt: 3671 },
    { at: 3671, calls: 9, granted: 2, retryAt: 7207 },
  ]),
  'calls at an hour edge that is also a minute edge are counted correctly': table({ perMinute: 2, perHour: 4 }, [
    { at: 3599, calls: 2, granted: 2 },
    { at: 3660, calls: 2, granted: 2 },
    { at: 7199, granted: 0, retryAt: 7200 },
    { at: 7200, calls: 5, granted: 2, retryAt: 7261 },
    { at: 7261, calls: 5, granted: 2, retryAt: 10_801 },
    { at: 10_800, granted: 0, retryAt: 10_801 },
    { at: 10_801, calls: 5, granted: 2, retryAt: 10_862 },
  ]),
  'units of the oldest second of the hour still count': table({ perMinute: 9, perHour: 1 }, [
    { at: 0.999, granted: 1 },
    { at: 3600, granted: 0, retryAt: 3601 },
    { at: 3600.999, granted: 0, retryAt: 3601 },
    { at: 3601, granted: 1 },
  ]),
  'a cost is granted completely or not at all': table({ perMinute: 10, perHour: wide }, [
    { at: 0, cost: 7, granted: 1 },
    { at: 1, cost: 4, granted: 0, retryAt: 61 },
    { at: 1, cost: 3, granted: 1 },
    { at: 61, cost: 7, granted: 1 },
    { at: 61, cost: 3, granted: 0, retryAt: 62 },
  ]),
  'as many equal calls with a cost are granted as fit': table({ perMinute: 10, perHour: wide }, [
    { at: 0, cost: 3, calls: 5, granted: 3, retryAt: 61 },
    { at: 0, cost: 1, calls: 5, granted: 1 },
  ]),
  'the retry time is when the whole cost fits, not when one unit fits': table({ perMinute: 4, perHour: wide }, [
    { at: 0, granted: 1 },
    { at: 10, granted: 1 },
    { at: 20, granted: 1 },
    { at: 30, granted: 1 },
    { at: 40, cost: 3, granted: 0, retryAt: 81 },
  ]),
  'a limit of 0 blocks every call': table({ perMinute: 0, perHour: 10 }, [{ at: 0, granted: 0 }]),
  'a clock that goes back never frees a window': table({ perMinute: 2, perHour: wide }, [
    { at: 100, calls: 2, granted: 2 },
    { at: 10, granted: 0, retryAt: 161 },
    { at: 160, granted: 0, retryAt: 161 },
    { at: 161, calls: 2, granted: 2 },
    { at: 20, granted: 0, retryAt: 222 },
  ]),
  'a grant made while the clock is back counts as the newest grant': table({ perMinute: 2, perHour: wide }, [
    { at: 30, granted: 1 },
    { at: 10, granted: 1 },
    { at: 80, granted: 0, retryAt: 91 },
    { at: 91, calls: 5, granted: 2 },
  ]),
  'a clock that goes back does not move the window': table({ perMinute: 2, perHour: wide }, [
    { at: 30, granted: 1 },
    { at: 85, granted: 1 },
    { at: 50, granted: 0, retryAt: 91 }, // by the newest grant it is second 85, and 30 is still inside the window
    { at: 91, calls: 2, granted: 1 },
  ]),

  async 'a call denied by one window spends nothing in the other'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 10, perHour: 2 });
    await subject.ask({ at: 0, calls: 2 });
    for (let i = 0; i < 5; i++) expect((await subject.ask({ at: 1 })).granted).toBe(0);
    expect(await subject.used({ at: 1 })).toEqual({ minute: 2, hour: 2 });
  },

  async 'a denied call spends nothing, so a rolling sum never grows by denials'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 2, perHour: 100 });
    await subject.ask({ at: 0, calls: 2 });
    for (let at = 1; at <= 60; at++) expect((await subject.ask({ at, calls: 3 })).granted).toBe(0);
    expect((await subject.ask({ at: 61, calls: 3 })).granted).toBe(2);
    expect(await subject.used({ at: 61 })).toEqual({ minute: 2, hour: 4 });
  },

  async 'no real 60 s hold more than the limit, at any offset'({ store, clock }) {
    const limit = 5;
    const subject = new Subject(store, clock, { perMinute: limit, perHour: wide });
    const grants: number[] = [];
    for (let at = 0; at < 400; at += 0.35) {
      const { granted } = await subject.ask({ at, calls: 2 });
      for (let i = 0; i < granted; i++) grants.push(at);
    }
    for (const from of grants) {
      const inside = grants.filter((at) => at >= from && at < from + 60).length;
      expect({ from, inside: Math.max(inside, limit) }).toEqual({ from, inside: limit });
    }
    expect(grants.length).toBeGreaterThan(25);
  },

  async 'every answer contains the units used and the reset time'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 10, perHour: 20 });
    expect(await subject.ask({ at: 0 })).toMatchObject({
      minuteUsed: 0,
      hourUsed: 0,
      minuteResetAt: second(61),
      hourResetAt: second(3601),
      retryAt: null,
    });
    await subject.ask({ at: 30, calls: 2 });
    expect(await subject.ask({ at: 61 })).toMatchObject({
      minuteUsed: 2,
      hourUsed: 3,
      minuteResetAt: second(91),
      hourResetAt: second(3601),
    });
    expect(await subject.ask({ at: 3601 })).toMatchObject({
      minuteUsed: 0,
      hourUsed: 3,
      minuteResetAt: second(3662),
      hourResetAt: second(3631),
    });
    expect(await subject.ask({ at: 3631 })).toMatchObject({
      minuteUsed: 1,
      hourUsed: 2,
      minuteResetAt: second(3662),
      hourResetAt: second(3662),
    });
  },

  async 'the reset time is that of the oldest second that counts, including the partly covered one'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 10, perHour: 20 });
    await subject.ask({ at: 5 });
    await subject.ask({ at: 30 });
    await subject.ask({ at: 62 });
    expect(await subject.ask({ at: 65 })).toMatchObject({ minuteResetAt: second(66), hourResetAt: second(3606) });
    expect(await subject.ask({ at: 66 })).toMatchObject({ minuteResetAt: second(91), hourResetAt: second(3606) });
    await subject.ask({ at: 3602 });
    expect(await subject.ask({ at: 3605 })).toMatchObject({ minuteResetAt: second(3663), hourResetAt: second(3606) });
    expect(await subject.ask({ at: 3606 })).toMatchObject({ minuteResetAt: second(3663), hourResetAt: second(3631) });
  },

  async 'the reset time is never that of a second whose units were refunded or reset'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 10, perHour: 20 });
    await subject.ask({ at: 5 });
    await subject.ask({ at: 10 });
    await store.refund(1, { subject: subject.name, second: second(5), units: 1 });
    expect(await subject.ask({ at: 20 })).toMatchObject({ minuteResetAt: second(71), hourResetAt: second(3611) });
    await store.refund(1, { subject: subject.name, second: second(10), units: 1 });
    await subject.ask({ at: 62 });
    expect(await subject.ask({ at: 63 })).toMatchObject({ minuteResetAt: second(81), hourResetAt: second(3621) });
    await store.reset(1, subject.name);
    await subject.ask({ at: 64 });
    expect(await subject.ask({ at: 65 })).toMatchObject({ minuteResetAt: second(125), hourResetAt: second(3665) });
  },

  async 'peek spends nothing and shows when units become available'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 10, perHour: 20 });
    await subject.ask({ at: 7, calls: 3 });
    await subject.ask({ at: 70, calls: 2 });
    await subject.ask({ at: 71 });
    const { counts } = await store.peek(1, [subject.name, 'acme/nobody/']);
    expect(counts).toEqual([
      {
        subject: subject.name,
        seconds: [
          { second: second(7), units: 3 },
          { second: second(70), units: 2 },
          { second: second(71), units: 1 },
        ],
      },
      { subject: 'acme/nobody/', seconds: [] },
    ]);
    expect(await subject.used({ at: 71 })).toEqual({ minute: 3, hour: 6 });
    expect(await subject.used({ at: 3607.5 })).toEqual({ minute: 0, hour: 6 });
    expect(await subject.used({ at: 3608 })).toEqual({ minute: 0, hour: 3 });
  },

  async 'a refund returns units once, in whatever minute they were granted'({ store, clock }) {
    for (const later of [0, 30, 65, 130, 3590]) {
      const subject = new Subject(store, clock, { perMinute: 4, perHour: 6 });
      await subject.ask({ at: 5, calls: 3 });
      if (later > 0) expect((await subject.ask({ at: 5 + later })).granted).toBe(1);
      const refund = { subject: subject.name, second: second(5), units: 3 };
      expect(await store.refund(1, refund)).toBe(3);
      expect(await store.refund(1, refund)).toBe(0);
      const used = later > 0 ? 1 : 0;
      expect({ later, ...(await subject.used({ at: 5 + later })) }).toEqual({ later, minute: used, hour: used });
      expect((await subject.ask({ at: 5 + later, calls: 9 })).granted).toBe(4 - used);
    }
  },

  async 'a reset empties both windows, and no unit comes back'({ store, clock }) {
    const subject = new Subject(store, clock, { perMinute: 3, perHour: 4 });
    await subject.ask({ at: 0, calls: 1 });
    await subject.ask({ at: 62, calls: 3 });
    expect((await subject.ask({ at: 62 })).granted).toBe(0);
    await store.reset(1, subject.name);
    expect(await subject.used({ at: 62 })).toEqual({ minute: 0, hour: 0 });
    expect(await subject.ask({ at: 62, calls: 9 })).toMatchObject({
      granted: 3,
      minuteUsed: 0,
      minuteResetAt: second(123),
      hourResetAt: second(3663),
      retryAt: second(123),
    });
    expect(await subject.ask({ at: 130, calls: 9 })).toMatchObject({ granted: 1, hourUsed: 3, retryAt: second(3663) });
    expect((await subject.ask({ at: 3662 })).granted).toBe(0);
    expect((await subject.ask({ at: 3663, calls: 9 })).granted).toBe(3);
  },

  async 'subjects are listed by prefix, in pages, while they have traffic'({ store, clock }) {
    const lane = 9;
    const item = { lane, cost: 1, calls: 1, perMinute: 9, perHour: 9 };
    clock.set(T0);
    const names = ['acme/a/', 'acme/b/bot=1', 'acme/b/bot=2', 'acme0/a/', 'acmf/a/'];
    await store.acquire(names.map((subject) => ({ subject, ...item })));
    const page = { prefix: 'acme/', after: '', limit: 2 };
    expect(await store.list(lane, page)).toEqual(['acme/a/', 'acme/b/bot=1']);
    expect(await store.list(lane, { ...page, after: 'acme/b/bot=1' })).toEqual(['acme/b/bot=2']);
    clock.set(T0 + 3_601_000);
    expect(await store.list(lane, page)).toEqual([]);
  },
};
