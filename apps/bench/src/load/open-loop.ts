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
  const warmUpCalls = Math.floor(perSecond * warmUpSeconds);
  const ask = async (place: number): Promise<void> => {
    const dueAt = startedAt + (place / perSecond) * 1000;
    const rank = traffic.next();
    await contender.decide(accounts[rank] as string, subjects[rank] as string);
    if (place >= warmUpCalls) latencies.add(performance.now() - dueAt);
  };
  // However low the rate is, one call is timed.
  const calls = warmUpCalls + Math.max(1, Math.floor(perSecond * seconds));
  for (let made = 0; made < calls; ) {
    const due = Math.min(calls, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
    while (made < due) underWay.push(ask(made++));
    // Use a timer instead of a busy loop, because the server needs the second core.
    if (made < calls) await sleep(1);
  }
  await Promise.all(underWay);
  return latencies;
}
