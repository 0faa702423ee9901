import { expect, test } from '@jest/globals';
import { isDatabaseAway } from './database-away.js';

const withCode = (code: string) => Object.assign(new Error('what the driver says'), { code });

test.each([
  ['a refused connection', withCode('ECONNREFUSED')],
  ['a broken pipe', withCode('EPIPE')],
  ['a server that shuts down', withCode('57P01')],
  ['a rejected password', withCode('28P01')],
  ['too many connections', withCode('53300')],
  ['a standby', withCode('25006')],
  ['no connection in time', new Error('timeout exceeded when trying to connect')],
  ['no answer in time', new Error('Query read timeout')],
  ['a lost connection', new Error('Connection terminated unexpectedly')],
  ['several addresses that all refuse', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
  ['an error wrapped by an ORM', Object.assign(new Error('failed'), { driverError: withCode('57P01') })],
  ['an error with a cause', new Error('failed', { cause: withCode('ETIMEDOUT') })],
])('isDatabaseAway is true for %s', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(true);
});

const circle = new Error('a circle');
circle.cause = circle;

test.each([
  ['a duplicate key', withCode('23505')],
  ['a syntax error', withCode('42601')],
  ["an error of Rollgate's functions", withCode('RG404')],
  ['a missing file', withCode('ENOENT')],
  ['a mistake of the program', new TypeError('x is not a function')],
  ['a string', 'timeout exceeded when trying to connect'],
  ['undefined', undefined],
  ['a circle of causes', circle],
])('isDatabaseAway is false for %s', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(false);
});
