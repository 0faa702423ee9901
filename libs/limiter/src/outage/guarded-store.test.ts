import { expect, test } from '@jest/globals';
import { MemoryStore } from '../store/memory-store.js';
import type { AcquireItem } from '../store/store.js';
import { GuardedStore } from './guarded-store.js';
import { LocalCounts } from './local-counts.js';

test('concurrent batches debit the database once', async () => {
  const clock = () => Date.UTC(2026, 0, 1);
  const store = new MemoryStore({ clock });
  const local = new LocalCounts({ clock });
  const guarded = new GuardedStore({ store, stripes: 2, local, attemptMs: () => 1_000, onState: () => undefined });
  const item = (subject: string): AcquireItem => ({ subject, lane: 1, cost: 1, calls: 1, perMinute: 99, perHour: 99 });
  local.note({ subject: 'acme/a/', lane: 1, units: 7 });
  await Promise.all([guarded.acquire([item('acme/b/')]), guarded.acquire([item('acme/c/')])]);
  const { counts } = await guarded.peek(1, ['acme/a/', 'acme/b/', 'acme/c/']);
  expect(counts.map(({ seconds }) => seconds[0]?.units)).toEqual([7, 1, 1]);
  expect(local.subjects).toBe(0);
});
