import { expect, test } from '@jest/globals';
import { JitteredLoop, type JitteredLoopOptions, type LoopTimers } from './jittered-loop.js';

/** Timers that a test moves forward, and random numbers that it chooses. */
class TestTimers implements LoopTimers {
  nowMs = 0;
  next = 0.5;
  #due: { run(): void; atMs: number }[] = [];

  schedule(run: () => void, ms: number): () => void {
    const timer = { run, atMs: this.nowMs + ms };
    this.#due.push(timer);
    return () => {
      this.#due = this.#due.filter((other) => other !== timer);
    };
  }

  random(): number {
    return this.next;
  }

  /** Runs the timers that are due within the next `ms`, and what follows from them. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (let timer = this.#earliest(endMs); timer !== undefined; timer = this.#earliest(endMs)) {
      const { run, atMs } = timer;
      this.#due = this.#due.filter((other) => other !== timer);
      this.nowMs = atMs;
      run();
      await new Promise(setImmediate);
    }
    this.nowMs = endMs;
  }

  #earliest(endMs: number): { run(): void; atMs: number } | undefined {
    return this.#due.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** A loop on test timers, whose task logs when it ran. */
function loopOf(options: Partial<JitteredLoopOptions> = {}) {
  const timers = new TestTimers();
  const ranAt: number[] = [];
  const loop = new JitteredLoop({ task: () => void ranAt.push(timers.nowMs), everyMs: 1_000, timers, ...options });
  return { loop, timers, ranAt };
}

test('a loop runs its task at the average interval where the random number is in the middle', async () => {
  const { loop, timers, ranAt } = loopOf();
  loop.start();
  await timers.advance(3_500);
  expect(ranAt).toEqual([1_000, 2_000, 3_000]);
  await loop.stop();
});

test.each([
  { spread: undefined, random: 0, everyMs: 900 },
  { spread: undefined, random: 1, everyMs: 1_100 },
  { spread: 0.5, random: 0, everyMs: 500 },
  { spread: 0.5, random: 1, everyMs: 1_500 },
])('with spread $spread and random number $random the interval is $everyMs ms', async ({ spread, random, everyMs }) => {
  const { loop, timers, ranAt } = loopOf(spread === undefined ? {} : { spread });
  timers.next = random;
  loop.start();
  await timers.advance(everyMs - 1);
  expect(ranAt).toEqual([]);
  await timers.advance(1);
  expect(ranAt).toEqual([everyMs]);
  await loop.stop();
});

test('a loop that starts with its task runs it at once', async () => {
  const { loop, timers, ranAt } = loopOf({ startsWithTask: true });
  loop.start();
  expect(ranAt).toEqual([0]);
  await timers.advance(1_000);
  expect(ranAt).toEqual([0, 1_000]);
  await loop.stop();
});

test('the next interval begins when the task has ended', async () => {
  const ends: (() => void)[] = [];
  const { loop, timers } = loopOf({ task: () => new Promise<void>((resolve) => ends.push(resolve)) });
  loop.start();
  await timers.advance(5_000);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await new Promise(setImmediate);
  await timers.advance(1_000);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await loop.stop();
});

test('stopping waits for the current task, and no other one begins', async () => {
  const ends: (() => void)[] = [];
  const { loop, timers } = loopOf({ task: () => new Promise<void>((resolve) => ends.push(resolve)) });
  loop.start();
  await timers.advance(1_000);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  expect(stopped).toBe(false);
  ends[0]?.();
  await stopping;
  await timers.advance(10_000);
  expect(ends).toHaveLength(1);
});

test('a loop that was stopped between two tasks runs no other one, and can not be started again', async () => {
  const { loop, timers, ranAt } = loopOf();
  loop.start();
  await timers.advance(1_500);
  await loop.stop();
  loop.start();
  await timers.advance(10_000);
  expect(ranAt).toEqual([1_000]);
});

test('a pause between two steps ends when the loop is stopped', async () => {
  const { loop } = loopOf();
  expect(loop.isStopped).toBe(false);
  const pause = loop.pause(3_600_000);
  await loop.stop();
  await pause;
  expect(loop.isStopped).toBe(true);
});
