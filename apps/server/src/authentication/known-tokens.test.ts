import { beforeEach, expect, test } from '@jest/globals';
import { type FoundToken, KnownTokens, USABLE_MS } from './known-tokens.js';

const AWAY = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

let nowMs: number;
let looks: number;
let answer: () => Promise<FoundToken<string> | undefined>;
let tokens: KnownTokens<string>;

beforeEach(() => {
  nowMs = 1_000_000;
  looks = 0;
  answer = async () => ({ token: 'ci', endsInMs: null });
  tokens = new KnownTokens({ now: () => nowMs });
});

const find = () =>
  tokens.find('hash', () => {
    looks++;
    return answer();
  });

test('simultaneous calls share one lookup, and later calls start their own', async () => {
  expect(await Promise.all([find(), find(), find()])).toEqual(['ci', 'ci', 'ci']);
  expect(looks).toBe(1);
  await find();
  expect(looks).toBe(2);
});

test('a revoked token stops working, on whichever instance it was revoked', async () => {
  await find();
  answer = async () => undefined;
  expect(await find()).toBeUndefined();
  answer = async () => {
    throw AWAY;
  };
  await expect(find()).rejects.toBe(AWAY);
});

test('the result of a lookup that started before a revocation is not remembered', async () => {
  let seen = (_: FoundToken<string>) => {};
  answer = () => new Promise((resolve) => (seen = resolve));
  const early = find();
  tokens.forgetAll();
  seen({ token: 'ci', endsInMs: null });
  await early;
  answer = async () => undefined;
  expect(await find()).toBeUndefined();
});

test('while the database is unavailable a known token works for a minute, but not past its own expiry', async () => {
  answer = async () => ({ token: 'ci', endsInMs: 30_000 });
  await find();
  answer = async () => ({ token: 'ci', endsInMs: null });
  await tokens.find('other', answer);
  const look = async () => {
    throw AWAY;
  };
  answer = look;
  nowMs += 29_999;
  expect(await find()).toBe('ci');
  nowMs += 1;
  await expect(find()).rejects.toBe(AWAY);
  nowMs = 1_000_000 + USABLE_MS - 1;
  expect(await tokens.find('other', look)).toBe('ci');
  nowMs += 1;
  await expect(tokens.find('other', look)).rejects.toBe(AWAY);
});

test('an unresponsive database delays calls with a known token by a third of a second, once a second', async () => {
  await find();
  answer = () => new Promise(() => {});
  const startedAt = performance.now();
  expect(await find()).toBe('ci');
  expect(performance.now() - startedAt).toBeGreaterThan(250);
  const againAt = performance.now();
  expect(await find()).toBe('ci');
  expect(performance.now() - againAt).toBeLessThan(100);
});

test('a programming error is not treated as an outage', async () => {
  await find();
  answer = async () => {
    throw new TypeError('x is not a function');
  };
  await expect(find()).rejects.toThrow(TypeError);
});
