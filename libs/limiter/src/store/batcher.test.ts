import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { type BatchedCall, Batcher } from './batcher.js';
import type { AcquireItem, AcquireResult } from './store.js';

/** A fake store that records batches and answers when the test says so. */
function recorder({ stripes = 8, batchesInFlight = 1, maxItems = 100, apart = false, budgetMs = 1_000_000 } = {}) {
  const sent: {
    items: readonly AcquireItem[];
    answer(granted?: number): void;
    fail(error: Error): void;
  }[] = [];
  const batcher = new Batcher<BatchedCall & { resolve(answer: { position: number; granted: number }): void }>({
    settle: ({ resolve }, { row, position }) => resolve({ position, granted: row.granted }),
    stripes,
    batchesInFlight,
    maxItems,
    lanesApart: () => apart,
    budgetMs: () => budgetMs,
    send: (items) =>
      new Promise<AcquireResult>((resolve, reject) => {
        const row = { second: 0, minuteUsed: 0, hourUsed: 0, minuteResetAt: null, hourResetAt: null, retryAt: null };
        const answer = (granted?: number) =>
          resolve({ nowMs: 0, rows: items.map(({ calls }) => ({ ...row, granted: granted ?? calls })) });
        sent.push({ items, answer, fail: reject });
      }),
  });
  const ask = (
    subject: string,
    { lane = 1, cost = 1, perMinute = 9, lateAt = Number.POSITIVE_INFINITY, settled = false } = {},
  ): Promise<{ position: number; granted: number }> =>
    new Promise((resolve, reject) => {
      batcher.add({
        subject,
        lane,
        cost,
        perMinute,
        perHour: 99,
        lateAt,
        settled,
        resolve,
        fail: reject,
      });
    });
  return { sent, ask, batcher };
}

/** Resolves after all pending promise jobs have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const subjects = (items: readonly AcquireItem[] | undefined) =>
  items?.map(({ subject, calls }) => `${subject}×${calls}`);

test('an idle lane sends at once, and calls that arrive meanwhile form the next batch', async () => {
  const { sent, ask } = recorder();
  void ask('a');
  await settled();
  expect(sent).toHaveLength(1);
  const later = [ask('b'), ask('a'), ask('b')];
  await settled();
  expect(sent).toHaveLength(1);
  sent[0]?.answer();
  await settled();
  expect(subjects(sent[1]?.items)).toEqual(['b×2', 'a×1']);
  sent[1]?.answer();
  expect((await Promise.all(later)).map(({ position }) => position)).toEqual([0, 0, 1]);
});

test('calls of one turn of the event loop share a batch', async () => {
  const { sent, ask } = recorder();
  void ask('a');
  void ask('b');
  void ask('a');
  await settled();
  expect(sent.map(({ items }) => subjects(items))).toEqual([['a×2', 'b×1']]);
});

test('unequal calls of one subject wait and keep their order', async () => {
  const { sent, ask } = recorder();
  const calls = [ask('a'), ask('a', { cost: 2 }), ask('a'), ask('a', { perMinute: 7 })];
  for (let batch = 0; batch < 4; batch++) {
    await settled();
    expect(sent).toHaveLength(batch + 1);
    sent[batch]?.answer();
  }
  await Promise.all(calls);
  expect(sent.map(({ items }) => items.map(({ cost, perMinute }) => [cost, perMinute]))).toEqual([
    [[1, 9]],
    [[2, 9]],
    [[1, 9]],
    [[1, 7]],
  ]);
});

test('stripes send concurrently, and lanes of one stripe share a batch', async () => {
  const { sent, ask } = recorder({ stripes: 2 });
  void ask('a', { lane: 1 });
  void ask('b', { lane: 2 });
  void ask('c', { lane: 3 });
  await settled();
  expect(sent.map(({ items }) => items.map(({ lane }) => lane))).toEqual([[1, 3], [2]]);
  void ask('d', { lane: 4 });
  void ask('e', { lane: 5 });
  sent[1]?.answer();
  await settled();
  expect(sent.map(({ items }) => items.map(({ lane }) => lane))).toEqual([[1, 3], [2], [4]]);
});

test('a second batch is sent once it is large enough, and a third one waits', async () => {
  const { sent, ask, batcher } = recorder({ batchesInFlight: 2 });
  const some = (n: number, name: string) => Array.from({ length: n }, (_, i) => ask(`${name}${i}`));
  const calls = [ask('a')];
  await settled();
  calls.push(...some(63, 'b'));
  await settled();
  expect(sent).toHaveLength(1);
  calls.push(ask('a'));
  await settled();
  expect(sent.map(({ items }) => items.length)).toEqual([1, 64]);
  calls.push(...some(80, 'c'));
  await settled();
  expect(sent).toHaveLength(2);
  sent[0]?.answer();
  await settled();
  expect(sent.map(({ items }) => items.length)).toEqual([1, 64, 80]);
  calls.push(ask('d'));
  sent[1]?.answer();
  await settled();
  expect(sent).toHaveLength(3); // one batch is in flight, and the next one is too small to be sent
  sent[2]?.answer();
  await settled();
  expect(sent.map(({ items }) => items.length)).toEqual([1, 64, 80, 1]);
  sent[3]?.answer();
  await Promise.all(calls);
  await batcher.drained();
});

test('a batch contains at most maxItems rows, and the rest goes into the next one', async () => {
  const { sent, ask } = recorder({ maxItems: 2 });
  const calls = ['a', 'b', 'c', 'd', 'c', 'a'].map((subject) => ask(subject));
  for (let batch = 0; batch < 2; batch++) {
    await settled();
    sent[batch]?.answer();
  }
  await Promise.all(calls);
  expect(sent.map(({ items }) => subjects(items))).toEqual([
    ['a×2', 'b×1'],
    ['c×2', 'd×1'],
  ]);
});

test('a failed batch fails only its own callers', async () => {
  const { sent, ask, batcher } = recorder();
  const doomed = ask('a');
  const other = ask('a', { lane: 2 });
  await settled();
  const next = ask('b');
  sent[0]?.fail(new Error('the connection is gone'));
  await expect(doomed).rejects.toThrow('the connection is gone');
  sent[1]?.answer();
  await other;
  await settled();
  sent[2]?.answer();
  await next;
  await batcher.drained();
});

test('drained waits for all added calls', async () => {
  const { sent, ask, batcher } = recorder();
  void ask('a');
  let drained = false;
  const done = batcher.drained().then(() => {
    drained = true;
  });
  void ask('b');
  await settled();
  expect(drained).toBe(false);
  for (const batch of sent) batch.answer();
  await settled();
  for (const batch of sent) batch.answer();
  await done;
});

test('with lanes apart, each lane of a batch is sent and settled by itself', async () => {
  const { sent, ask } = recorder({ stripes: 1, apart: true });
  const calls = [ask('a', { lane: 1 }), ask('b', { lane: 2 }), ask('c', { lane: 1 })];
  await settled();
  expect(sent.map(({ items }) => subjects(items))).toEqual([['a×1', 'c×1'], ['b×1']]);
  // A failed lane fails its own calls only, and nothing of the others is sent again.
  sent[1]?.fail(Object.assign(new Error('bad data'), { code: '22P02' }));
  sent[0]?.answer();
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(sent).toHaveLength(2);
});

/** Makes the batches of a stripe take about this long, as far as the batcher knows. */
async function takeMs(ms: number, { sent, ask }: ReturnType<typeof recorder>): Promise<void> {
  for (let batch = 0; batch < 5; batch++) {
    const call = ask('warm-up');
    await settled();
    await wait(ms);
    sent.at(-1)?.answer();
    await call;
  }
}

test('a call that has been answered is not sent', async () => {
  const { sent, ask, batcher } = recorder();
  void ask('a');
  await settled();
  void ask('b', { lateAt: 0, settled: true });
  void ask('c', { lateAt: 0, settled: true });
  void ask('c');
  sent[0]?.answer();
  await settled();
  expect(subjects(sent[1]?.items)).toEqual(['c×1']);
  void ask('d', { lateAt: 0, settled: true });
  sent[1]?.answer();
  await batcher.drained();
  expect(sent).toHaveLength(2);
});

test('a call that would be answered too late fails, and those behind it are sent', async () => {
  const recording = recorder();
  const { sent, ask } = recording;
  await takeMs(60, recording);
  const first = ask('a');
  await wait(60);
  const late = ask('b', { lateAt: performance.now() + 40 });
  const inTime = ask('b', { lateAt: performance.now() + 60_000 });
  sent.at(-1)?.answer();
  await first;
  await expect(late).rejects.toThrow('no decision can be expected within the budget');
  expect(subjects(sent.at(-1)?.items)).toEqual(['b×1']);
  sent.at(-1)?.answer();
  await inTime;
});

test('one slow batch among fast ones makes no call fail', async () => {
  const recording = recorder();
  const { sent, ask } = recording;
  await takeMs(0, recording);
  const slow = ask('a');
  await settled();
  await wait(60);
  const next = ask('b', { lateAt: performance.now() + 40 });
  sent.at(-1)?.answer();
  await slow;
  await settled();
  sent.at(-1)?.answer();
  await next;
});

test('new calls are sent even if all batches took longer than a call may wait', async () => {
  const recording = recorder({ budgetMs: 40 });
  const { sent, ask } = recording;
  await takeMs(60, recording);
  const call = ask('a', { lateAt: performance.now() + 39 });
  await settled();
  sent.at(-1)?.answer();
  await call;
});
