import { expect, test } from '@jest/globals';
import type { Lowered } from '../database/refusals.js';
import { loweredLines } from './lowered-lines.js';

const falls = (api: string, from: number, window: 'minute' | 'hour' = 'minute'): Lowered => ({
  api,
  window,
  from,
  to: 60,
  why: 'lower',
  at: null,
  text: `${api} falls from ${from} to 60 in any ${window === 'minute' ? '60 s' : 'hour'}`,
});

test('up to three APIs that fall alike are named, each on its own line', () => {
  expect(loweredLines([falls('a', 120), falls('b', 120), falls('c', 90)])).toEqual([
    'a falls from 120 to 60 in any 60 s',
    'b falls from 120 to 60 in any 60 s',
    'c falls from 90 to 60 in any 60 s',
  ]);
});

test('more APIs that fall alike share a line for each window', () => {
  const apis = ['a', 'b', 'c', 'd'];
  expect(loweredLines(apis.flatMap((api) => [falls(api, 120), falls(api, 3600, 'hour')]))).toEqual([
    'each of 4 APIs (a, b, c, …) falls from 120 to 60 in any 60 s',
    'each of 4 APIs (a, b, c, …) falls from 3600 to 60 in any hour',
  ]);
});
