/** Each checker reports nothing for a correct history, and reports what was inserted. */
import { describe, expect, test } from '@jest/globals';
import { checkEver } from '../src/checkers/ever.js';
import { checkExplained } from '../src/checkers/explained.js';
import { checkLive } from '../src/checkers/live.js';
import { checkRecon, isReconciled } from '../src/checkers/recon.js';
import { checkSafe, overLimit } from '../src/checkers/safe.js';
import type { CallRecord } from '../src/history/record.js';
import { readHistory } from '../src/history/record.js';
import { call, denial, fullMinute, historyOf, LIMITS, START_MS, statement } from './history.js';

const over = (calls: readonly CallRecord[], clock: 'database' | 'machine' = 'database') =>
  overLimit(checkSafe({ calls }, { limits: LIMITS, clock }));

describe('SAFE', () => {
  test('exactly the limit is safe, in any order of the records', () => {
    expect(over(fullMinute())).toBe(0);
    expect(over(fullMinute().reverse())).toBe(0);
  });

  test('a full minute, and another one 60 s later, are safe; 1 ms earlier is not', () => {
    const burst = (at: number) => Array.from({ length: LIMITS.perMinute }, () => call(at));
    expect(over([...burst(0), ...burst(60)])).toBe(0);
    expect(over([...burst(0), ...burst(59.999)])).toBe(10);
  });

  test('an inserted allowed call is found, with the window that it overfills', () => {
    const calls = [...fullMinute(), call(30)];
    expect(checkSafe({ calls }, { limits: LIMITS })).toEqual([
      { subject: 's', window: 'minute', atMs: START_MS + 30_000, units: 11, most: 10 },
    ]);
  });

  test('an hour with too many units is found even if no minute has too many', () => {
    const calls = Array.from({ length: 101 }, (_, i) => call(i * 30));
    expect(over(calls)).toBe(1);
    expect(checkSafe({ calls }, { limits: LIMITS })[0]?.window).toBe('hour');
  });

  test('a call counts its cost in units, and each subject is checked separately', () => {
    expect(over([call(0, { cost: 10 }), call(1, { subject: 'other', cost: 10 })])).toBe(0);
    expect(over([call(0, { cost: 10 }), call(1, { cost: 3 })])).toBe(3);
  });

  test('in a window that touches an outage, 1.5 times the limit is safe, and no more', () => {
    const fallback = (at: number) => call(at, { mode: 'fallback_allowed', perMinute: 1 });
    const part = [11, 12, 13, 14, 15].map(fallback);
    expect(over([...fullMinute(), ...part])).toBe(0);
    expect(over([...fullMinute(), ...part, fallback(16)])).toBe(1);
  });

  test("halved limits do not apply to units allowed before, nor to an instance's own share afterward", () => {
    const part = [16, 17, 18].map((at) => call(at, { mode: 'fallback_allowed' }));
    expect(over([...fullMinute(), denial(12, { perMinute: 5 }), ...part])).toBe(0);
    const halved = fullMinute().map((one) => ({ ...one, perMinute: 5 }));
    expect(over([...halved, ...part])).toBeGreaterThan(0);
  });

  test('if a clock step caused an outage, 1.5 times the limit is safe on every clock, and no more', () => {
    const jump = (units: number) => [...fullMinute(), ...Array.from({ length: units }, () => call(20))];
    const overOf = (calls: CallRecord[]) =>
      overLimit(checkSafe({ calls }, { limits: LIMITS, clock: 'machine', outage: true }));
    expect([overOf(jump(5)), overOf(jump(6))]).toEqual([0, 1]);
  });

  test('a raised limit applies from when it was raised', () => {
    const raised = Array.from({ length: 10 }, (_, i) => call(20 + i, { perMinute: 20 }));
    expect(over([...fullMinute(), ...raised])).toBe(0);
    expect(over([...fullMinute(), ...raised, call(31)])).toBe(11);
  });

  test("on the machine's clock, a step of the database's clock hides nothing", () => {
    const calls = [
      ...fullMinute(),
      ...fullMinute().map((one) => ({ ...one, decidedAtMs: (one.decidedAtMs ?? 0) + 3_600_000 })),
    ];
    expect(over(calls)).toBe(0);
    expect(over(calls, 'machine')).toBe(10);
  });

  test('a call without a decision does not count', () => {
    expect(over([...fullMinute(), call(20, { allowed: null, mode: null, decidedAtMs: null })])).toBe(0);
  });
});

describe('LIVE', () => {
  test('a denial by a full window is justified, for up to one second too long', () => {
    expect(checkLive(historyOf(fullMinute()))).toEqual([]);
    expect(checkLive(historyOf([...fullMinute(), denial(60.999)]))).toEqual([]);
  });

  test('an inserted denial is found if the window has free units', () => {
    const found = checkLive(historyOf([...fullMinute().slice(0, 9), denial(10)]));
    expect(found).toEqual([{ subject: 's', atMs: START_MS + 10_000, window: 'minute', limit: 10, units: 9 }]);
    expect(checkLive(historyOf([...fullMinute(), denial(61)]))).toHaveLength(1);
  });

  test('units that were allowed later justify nothing', () => {
    expect(
      checkLive(
        historyOf([
          denial(0),
          ...fullMinute().map((one) => ({
            ...one,
            startedAt: one.startedAt + 100,
            decidedAtMs: (one.decidedAtMs as number) + 100,
          })),
        ]),
      ),
    ).toHaveLength(1);
  });

  test('units of a statement whose answer was lost may justify a denial', () => {
    const calls = [...fullMinute().slice(0, 9), denial(10)];
    const lost = statement(call(9.5), { answer: undefined });
    expect(checkLive(historyOf(calls, [...calls.map((one) => statement(one)), lost]))).toEqual([]);
  });

  test('a cost above the limit justifies a denial without any units', () => {
    expect(checkLive(historyOf([denial(0, { cost: 11 })]))).toEqual([]);
  });
});

describe('EXPLAINED', () => {
  test('a denial with its window and its time is explained; a cost above the limit needs no time', () => {
    expect(checkExplained({ calls: [...fullMinute(), denial(20, { cost: 11, retryAfterMs: null })] })).toEqual([]);
  });

  test('a denial is found if it has no window, or no time although waiting helps', () => {
    const silent = [denial(1, { deniedBy: null }), denial(2, { retryAfterMs: null }), denial(3, { retryAfterMs: 0 })];
    expect(checkExplained({ calls: [...fullMinute(), ...silent] })).toEqual(silent);
  });
});

describe('RECON', () => {
  const totals = (units: number) => ({ totals: new Map([['s', units]]) });
  const lost = statement(call(20, { cost: 3 }), { answer: undefined });
  const calls = fullMinute();
  const known = calls.map((one) => statement(one));

  test('acknowledged units are present, and of a statement with unknown outcome all or none', () => {
    expect(isReconciled(checkRecon(historyOf(calls), totals(10)))).toBe(true);
    for (const total of [10, 13])
      expect(isReconciled(checkRecon(historyOf(calls, [...known, lost]), totals(total)))).toBe(true);
  });

  test('lost acknowledged units are found', () => {
    expect(checkRecon(historyOf(calls), totals(9))).toMatchObject({ acknowledged: 10, total: 9, lost: 1 });
    expect(checkRecon(historyOf(calls), { totals: new Map() })).toMatchObject({ lost: 10 });
  });

  test('units without a statement are found', () => {
    expect(checkRecon(historyOf(calls), totals(11))).toMatchObject({ surplus: 1 });
    expect(checkRecon(historyOf(calls, [...known, lost]), totals(14))).toMatchObject({ surplus: 1 });
  });

  test('an allowed call that the database did not allow is found', () => {
    expect(checkRecon(historyOf([...calls, call(20)], known), totals(10))).toMatchObject({ phantom: 1 });
  });

  test('calls allowed without the database must be debited once, unless the instance was killed', () => {
    const own = call(20, { mode: 'fallback_allowed', cost: 2 });
    const debit = statement(own, { debit: true });
    const all = [...calls, own];
    expect(isReconciled(checkRecon(historyOf(all, [...known, debit]), totals(12)))).toBe(true);
    expect(checkRecon(historyOf(all, known), totals(10))).toMatchObject({ undebited: 2 });
    expect(checkRecon(historyOf(all, [...known, debit, debit]), totals(14))).toMatchObject({ surplus: 2 });
    expect(isReconciled(checkRecon(historyOf(all, known), { ...totals(10), killed: new Set(['n1']) }))).toBe(true);
  });

  test('after a crash, exactly what callers were allowed must be present', () => {
    const unreported = statement(call(20, { cost: 3 }));
    const crashed = historyOf(calls, [...known, unreported]);
    for (const total of [10, 13])
      expect(isReconciled(checkRecon(crashed, { ...totals(total), crashed: true }))).toBe(true);
    expect(checkRecon(crashed, { ...totals(9), crashed: true })).toMatchObject({ lost: 1 });
    expect(checkRecon(crashed, { ...totals(14), crashed: true })).toMatchObject({ surplus: 1 });
    expect(checkRecon(crashed, totals(10))).toMatchObject({ lost: 3 });
  });

  test('units of a refused statement are not present', () => {
    const { answer } = statement(call(20));
    const refused = statement(call(20), {
      answer: { ...(answer as NonNullable<typeof answer>), outcome: 'refused', granted: [] },
    });
    expect(isReconciled(checkRecon(historyOf(calls, [...known, refused]), totals(10)))).toBe(true);
    expect(checkRecon(historyOf(calls, [...known, refused]), totals(11))).toMatchObject({ surplus: 1 });
  });
});

test('EVER: a fault that did not happen is named, and so is an experiment without a fault', () => {
  expect(checkEver({ killed: 2, resets: 1 })).toEqual([]);
  expect(checkEver({ killed: 2, resets: 0 })).toEqual(['resets']);
  expect(checkEver({})).toEqual(['no fault']);
});

test('a history is read back, except for an incomplete last line', () => {
  const sent = { kind: 'sent', instance: 'n1', id: 1, at: 0, subjects: ['s'], costs: [1], calls: [1], debit: false };
  const text = `${JSON.stringify(call(0))}\n${JSON.stringify(sent)}\n{"kind":"answ`;
  expect(readHistory(text)).toMatchObject({
    calls: [{ subject: 's' }],
    statements: [{ id: 1, answer: undefined }],
    mishaps: [],
  });
});
