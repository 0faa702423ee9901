import { expect, test } from '@jest/globals';
import { until } from './until.js';

test('it returns the first truthy result', async () => {
  const results = [0, '', undefined, 'found', 'later'];
  expect(await until(() => results.shift(), { what: 'there is a result', pauseMs: 1 })).toBe('found');
  expect(results).toEqual(['later']);
});

test('it returns the first result that is accepted', async () => {
  let count = 0;
  expect(await until(() => count++, { what: 'it is 3', accept: (found) => found === 3, pauseMs: 1 })).toBe(3);
});

test('a timeout says what was waited for, with the details', async () => {
  const never = async () => false;
  const what = 'the moon is full';
  await expect(until(never, { what, timeoutMs: 20, pauseMs: 1 })).rejects.toThrow(
    /^still not true after 0\.02 s: the moon is full$/,
  );
  await expect(until(never, { what, timeoutMs: 20, pauseMs: 1, details: async () => [{ phase: 3 }] })).rejects.toThrow(
    /^still not true after 0\.02 s: the moon is full; \[\{"phase":3\}\]$/,
  );
});

test('an error of the check ends the wait', async () => {
  const broken = () => {
    throw new Error('broken');
  };
  await expect(until(broken, { what: 'it works' })).rejects.toThrow('broken');
});
