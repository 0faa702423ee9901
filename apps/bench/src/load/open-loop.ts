/**
 * An open loop: calls arrive at a fixed rate, whether or not the previous ones were answered.
 *
 * Invariant: a latency is measured from the time at which the call was due. Measuring from the time at which it was made would
 * hide every stall of the calling process (coordinated omission).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.js';
import { LatencyLog } from './latency-log.js';
import type { Traffic } from './traffic.js';

export interface OpenLoopOptions {
  readonly contender: Contender;
  readonly traffic: Traffic;
  readonly perSecond: number;
  readonly seconds: number;
  /** Calls due in this time at the beginning are made but not timed. */
  readonly warmUpSeconds?: number;
}

export async function openLoop(options: OpenLoopOptions): Promise<LatencyLog> {
  const { contender, traffic, perSecond, seconds, warmUpSeconds = 0 } = options;
  const { accounts, subjects } = traffic;
  const latencies = new LatencyLog();
  const underWay: Promise<void>[] = [];
  const startedAt = performance.now();
  const timedFrom = startedAt + warmUpSeconds * 1000;
  const ask = async (dueAt: number): Promise<void> => {
    const rank = traffic.next();
    await contender.decide(accounts[rank] as string, subjects[rank] as string);
    if (dueAt >= timedFrom) latencies.add(performance.now() - dueAt);
  };
  const calls = Math.max(1, Math.floor(perSecond * (warmUpSeconds + seconds)));
  for (let made = 0; made < calls; ) {
    const due = Math.min(calls, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
    while (made < due) underWay.push(ask(startedAt + (made++ / perSecond) * 1000));
    // Use a timer instead of a busy loop, because the server needs the second core.
    if (made < calls) await sleep(1);
  }
  await Promise.all(underWay);
  return latencies;
}
