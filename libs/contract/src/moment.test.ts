import { expect, test } from '@jest/globals';
import { parseMoment } from './moment.js';

const NOW = Date.UTC(2026, 0, 31, 12);

test.each([
  ['30m', '2026-01-31T12:30:00.000Z'],
  ['24h', '2026-02-01T12:00:00.000Z'],
  ['7d', '2026-02-07T12:00:00.000Z'],
  ['2027-02-28T00:00:00Z', '2027-02-28T00:00:00.000Z'],
  ['2027-02-28T01:00:00+01:00', '2027-02-28T00:00:00.000Z'],
  ['2028-02-29T23:59:59.123456Z', '2028-02-29T23:59:59.123Z'],
])('%s is read as the time %s', (text, expected) => {
  expect(parseMoment(text, NOW)).toBe(expected);
});

test.each([
  'Dec 1',
  '2027-02-30T00:00:00Z',
  '2027-02-29T00:00:00Z',
  '2027-02-30',
  '2027-03-01',
  '2027-03-01T10:00:00',
  '2027-03-01T10:00Z',
  '2027-13-01T10:00:00Z',
  '2027-03-01T25:00:00Z',
  '1796083200000',
  'tomorrow',
  'infinity',
  '1w',
  '-1h',
  '',
])('%p is not accepted as a time', (text) => {
  expect(parseMoment(text, NOW)).toBeUndefined();
});
