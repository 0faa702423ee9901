import { expect, test } from '@jest/globals';
import { LaneLocks } from './lane-locks.js';

test('batches with a common lane enter one after the other, in the order in which they came', () => {
  const locks = new LaneLocks(4);
  const entered: string[] = [];
  const enter = (name: string, lanes: number[]) => locks.enter(lanes, () => entered.push(name));
  enter('a', [0, 1]);
  enter('b', [1, 2]);
  enter('c', [3]);
  enter('d', [1]);
  expect(entered).toEqual(['a', 'c']);
  locks.leave([0, 1]);
  expect(entered).toEqual(['a', 'c', 'b']);
  locks.leave([1, 2]);
  expect(entered).toEqual(['a', 'c', 'b', 'd']);
});

test('a batch that waits for its second lane holds its first', () => {
  const locks = new LaneLocks(3);
  const entered: string[] = [];
  locks.enter([1], () => entered.push('a'));
  locks.enter([0, 1], () => entered.push('b'));
  locks.enter([0], () => entered.push('c'));
  expect(entered).toEqual(['a']);
  locks.leave([1]);
  locks.leave([0, 1]);
  expect(entered).toEqual(['a', 'b', 'c']);
});
