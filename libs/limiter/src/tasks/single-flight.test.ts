import { expect, test } from '@jest/globals';
import { SingleFlight } from './single-flight.js';

/** A task that counts how often it was started, and ends when the test says so. */
function controlledTask() {
  const runs: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const task = () => new Promise<string>((resolve, reject) => runs.push({ resolve, reject }));
  return { task, runs };
}

test('callers that arrive during a run receive its result', async () => {
  const flight = new SingleFlight<string>();
  const { task, runs } = controlledTask();
  const both = [flight.run(task), flight.run(task)];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve('the answer');
  expect(await Promise.all(both)).toEqual(['the answer', 'the answer']);
});

test('a caller that arrives after a run starts another one', async () => {
  const flight = new SingleFlight<string>();
  expect(await flight.run(async () => 'the first')).toBe('the first');
  expect(await flight.run(async () => 'the second')).toBe('the second');
});

test('every caller receives the error of a failed run, and the next caller starts another one', async () => {
  const flight = new SingleFlight<string>();
  const { task, runs } = controlledTask();
  const both = Promise.allSettled([flight.run(task), flight.run(task)]);
  const error = new Error('the task failed');
  runs[0]?.reject(error);
  expect(await both).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ]);
  expect(await flight.run(async () => 'the second')).toBe('the second');
});

test('tasks with different keys run independently', async () => {
  const flight = new SingleFlight<string>();
  const { task, runs } = controlledTask();
  const both = [flight.run(task, 'a'), flight.run(task, 'b'), flight.run(task, 'a')];
  runs[0]?.resolve('of a');
  runs[1]?.resolve('of b');
  expect(await Promise.all(both)).toEqual(['of a', 'of b', 'of a']);
  expect(runs).toHaveLength(2);
});

test('the current run is known until it ends', async () => {
  const flight = new SingleFlight<string>();
  const { task, runs } = controlledTask();
  expect(flight.current()).toBeUndefined();
  const run = flight.run(task);
  expect(flight.current()).toBe(run);
  runs[0]?.resolve('the answer');
  await run;
  expect(flight.current()).toBeUndefined();
});

test('after runs were detached, the next caller starts a new one, which the end of the old one does not end', async () => {
  const flight = new SingleFlight<string>();
  const { task, runs } = controlledTask();
  const old = flight.run(task);
  flight.detachAll();
  const next = flight.run(task);
  expect(runs).toHaveLength(2);
  runs[0]?.resolve('the old answer');
  expect(await old).toBe('the old answer');
  expect(flight.current()).toBe(next);
  runs[1]?.resolve('the new answer');
  expect(await next).toBe('the new answer');
});
