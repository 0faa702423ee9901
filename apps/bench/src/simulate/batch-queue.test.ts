import { expect, test } from '@jest/globals';
import { type BatchedCall, Batcher } from '../../../../libs/limiter/src/store/batcher.js';
import type { AcquireResult } from '../../../../libs/limiter/src/store/store.js';
import { seededRandom } from '../load/sampling.js';
import { BatchQueue, type BatchRules } from './batch-queue.js';

type Step = 'answer' | readonly number[];

/** Calls of random subjects in bursts, and answers in between. */
function randomSteps(seed: number): Step[] {
  const random = seededRandom(seed);
  return Array.from({ length: 200 }, () =>
    random() < 0.4 ? 'answer' : Array.from({ length: Math.ceil(random() * 60) }, () => Math.floor(random() * 150)),
  );
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The rows of each batch that the limiter's batcher sends. */
async function rowsOfBatcher(rules: BatchRules, steps: readonly Step[]): Promise<number[]> {
  const rows: number[] = [];
  const answers: (() => void)[] = [];
  const row = { second: 0, minuteUsed: 0, hourUsed: 0, minuteResetAt: null, hourResetAt: null, retryAt: null };
  const batcher = new Batcher<BatchedCall>({
    ...rules,
    stripes: 1,
    settle: () => undefined,
    send(items) {
      rows.push(items.length);
      return new Promise<AcquireResult>((resolve) => {
        answers.push(() => resolve({ nowMs: 0, rows: items.map(({ calls }) => ({ ...row, granted: calls })) }));
      });
    },
  });
  for (const step of steps) {
    if (step === 'answer') answers.shift()?.();
    else
      for (const subject of step) {
        const limits = { cost: 1, perMinute: 9_999, perHour: 9_999 };
        const waiting = { lateAt: Number.POSITIVE_INFINITY, settled: false };
        batcher.add({ subject: `s${subject}`, lane: 1, ...limits, ...waiting, fail: () => undefined });
      }
    await settled();
  }
  return rows;
}

function rowsOfQueue(rules: BatchRules, steps: readonly Step[]): number[] {
  const queue = new BatchQueue(rules);
  const rows: number[] = [];
  let inFlight = 0;
  for (const step of steps) {
    if (step === 'answer') {
      if (inFlight > 0) {
        queue.answered();
        inFlight--;
      }
    } else for (const subject of step) queue.add({ dueAt: 0, subject, lane: 1 });
    for (let batch = queue.take(); batch !== undefined; batch = queue.take()) {
      rows.push(batch.rows);
      inFlight++;
    }
  }
  return rows;
}

test.each([
  { batchesInFlight: 1, maxItems: 1_000 },
  { batchesInFlight: 2, maxItems: 1_000 },
  { batchesInFlight: 2, maxItems: 40 },
])('a simulated stripe sends the batches of the limiter: %j', async (rules) => {
  for (const seed of [1, 2, 3]) {
    const steps = randomSteps(seed);
    const expected = await rowsOfBatcher(rules, steps);
    expect(expected.length).toBeGreaterThan(20);
    expect(rowsOfQueue(rules, steps)).toEqual(expected);
  }
});
