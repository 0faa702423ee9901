import { expect, test } from '@jest/globals';
import { StopList } from './stop-list.js';

test('parts are stopped one after another, the newest first', async () => {
  const stops = new StopList();
  const log: string[] = [];
  for (const part of ['a', 'b', 'c']) {
    stops.add(async () => {
      log.push(`${part} begins`);
      await new Promise(setImmediate);
      log.push(`${part} ends`);
    });
  }
  await stops.stop();
  expect(log).toEqual(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends']);
});

test('every part is stopped when some fail, and the first error is thrown', async () => {
  const stops = new StopList();
  const stopped: string[] = [];
  stops.add(() => stopped.push('a'));
  stops.add(() => {
    throw new Error('the second error');
  });
  stops.add(async () => {
    throw new Error('the first error');
  });
  await expect(stops.stop()).rejects.toThrow('the first error');
  expect(stopped).toEqual(['a']);
});

test('a part that does not stop in time does not keep the others from being stopped', async () => {
  const stops = new StopList();
  const stopped: string[] = [];
  stops.add(() => stopped.push('a'));
  stops.add(() => new Promise(() => undefined), { withinMs: 1 });
  await stops.stop();
  expect(stopped).toEqual(['a']);
});

test('each part is stopped once', async () => {
  const stops = new StopList();
  const stopped: string[] = [];
  stops.add(() => stopped.push('a'));
  await stops.stop();
  await stops.stop();
  expect(stopped).toEqual(['a']);
});
