import { expect, test } from '@jest/globals';
import { MemoryStore } from '../store/memory-store.js';
import type { AcquireItem, AcquireResult } from '../store/store.js';
import { GuardedStore } from './guarded-store.js';
import { LocalCounts } from './local-counts.js';

const LIMITS = { attemptMs: () => 1_000, debitMs: () => 100, lanesApart: () => false };
const UNWATCHED = { onState: () => undefined, onAnswer: () => undefined };

test('concurrent batches debit the database once', async () => {
  const clock = () => Date.UTC(2026, 0, 1);
  const store = new MemoryStore({ clock });
  const local = new LocalCounts({ clock });
  const guarded = new GuardedStore({ store, stripes: 2, local, ...LIMITS, ...UNWATCHED });
  const item = (subject: string): AcquireItem => ({ subject, lane: 1, cost: 1, calls: 1, perMinute: 99, perHour: 99 });
  local.note({ subject: 'acme/a/', lane: 1, units: 7 });
  await Promise.all([guarded.acquire([item('acme/b/')]), guarded.acquire([item('acme/c/')])]);
  const { counts } = await guarded.peek(1, ['acme/a/', 'acme/b/', 'acme/c/']);
  expect(counts.map(({ seconds }) => seconds[0]?.units)).toEqual([7, 1, 1]);
  expect(local.subjects).toBe(0);
});

test('with lanes apart, the debits of each lane are written by themselves', async () => {
  const clock = () => Date.UTC(2026, 0, 1);
  const written: number[][] = [];
  class OneLaneStore extends MemoryStore {
    override acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
      written.push(items.map(({ lane }) => lane));
      return super.acquire(items);
    }
  }
  const store = new OneLaneStore({ clock });
  const local = new LocalCounts({ clock });
  const guarded = new GuardedStore({ store, stripes: 1, local, ...LIMITS, lanesApart: () => true, ...UNWATCHED });
  for (const [subject, lane] of [
    ['a/x/', 1],
    ['b/x/', 2],
    ['c/x/', 1],
  ] as const)
    local.note({ subject, lane, units: 1 });
  await guarded.close();
  expect(written).toEqual([[1, 1], [2]]);
});
