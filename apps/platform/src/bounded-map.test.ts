import { expect, test } from '@jest/globals';
import { BoundedMap } from './bounded-map.js';

test('above its bound the oldest entry is removed, and a renewed entry is not the oldest', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([3, undefined, 4, 2]);
});
