import { expect, test } from '@jest/globals';
import { ConflictException, HttpException } from '@nestjs/common';
import { problemOf } from './problem.js';

test('an exception of a route becomes a problem with its message', () => {
  expect(problemOf(new ConflictException('Another one was faster.'))).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    message: 'Another one was faster.',
  });
});

test('a body that is already a problem stays unchanged', () => {
  const body = { type: 'https://example.com/x', title: 'X', status: 422, message: 'm', field: 'f' };
  expect(problemOf(new HttpException(body, 422))).toBe(body);
});

test('a refusal by Express itself keeps its status and message', () => {
  const error = Object.assign(new Error('request entity too large'), { statusCode: 413 });
  expect(problemOf(error)).toMatchObject({
    status: 413,
    title: 'Payload Too Large',
    message: 'request entity too large',
  });
});

test.each([
  new Error('connect to 10.0.0.7 as me failed'),
  Object.assign(new Error('connect to 10.0.0.7 as me failed'), { statusCode: 503 }),
  'text',
  undefined,
  null,
])('an internal error is not shown to the caller: %p', (error) => {
  expect(problemOf(error)).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    message: 'Something went wrong here. Please try again after some time.',
  });
});
