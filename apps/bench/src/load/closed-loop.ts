/** So many callers, each of which asks again as soon as it is answered. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.js';
import { LatencyLog } from './latency-log.js';
import type { Traffic } from './traffic.js';

/** Answers from memory never let go of the thread: after so many a caller does, or no timer would ever fire. */
const ANSWERS_A_TURN = 256;

export interface LoopResult {
  readonly decisions: number;
  readonly denied: number;
  readonly seconds: number;
  readonly latencies: LatencyLog | undefined;
}

export interface ClosedLoopOptions {
  readonly contender: Contender;
  readonly traffic: Traffic;
  readonly callers: number;
  readonly seconds: number;
  readonly timed?: boolean;
}

/** Counts what was answered within the time; what is still under way then is waited for and not counted. */
export async function closedLoop(options: ClosedLoopOptions): Promise<LoopResult> {
  const { contender, traffic, callers, seconds } = options;
  const { accounts, subjects } = traffic;
  const latencies = options.timed === true ? new LatencyLog() : undefined;
  let decisions = 0;
  let denied = 0;
  let over = false;
  const caller = async (): Promise<void> => {
    for (let answers = 1; !over; answers++) {
      const rank = traffic.next();
      const askedAt = latencies === undefined ? 0 : performance.now();
      const allowed = await contender.decide(accounts[rank] as string, subjects[rank] as string);
      if (over) return;
      latencies?.add(performance.now() - askedAt);
      decisions++;
      if (!allowed) denied++;
      if (answers % ANSWERS_A_TURN === 0) await nextTurn();
    }
  };
  const startedAt = performance.now();
  const all = Promise.all(Array.from({ length: callers }, caller));
  // A caller that fails ends the run at once instead of with its time.
  await Promise.race([sleep(seconds * 1000), all]);
  over = true;
  const took = (performance.now() - startedAt) / 1000;
  await all;
  return { decisions, denied, seconds: took, latencies };
}

/** Asks once for each of the subjects, `callers` at a time. Resolves to the seconds it took. */
export async function onePass({ contender, traffic, callers }: Omit<ClosedLoopOptions, 'seconds'>): Promise<number> {
  const { accounts, subjects } = traffic;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < subjects.length) {
      const rank = next++;
      await contender.decide(accounts[rank] as string, subjects[rank] as string);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return (performance.now() - startedAt) / 1000;
}
