/** So many callers, each of which asks again as soon as it is answered. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.js';
import { LatencyLog } from './latency-log.js';
import type { Traffic } from './traffic.js';

/** Answers from memory never let go of the thread: after so many a caller does, or no timer would ever fire. */
const ANSWERS_A_TURN = 256;

/** More than any contender has connections. */
const FIRST_CALLS = 32;

export interface LoopResult {
  readonly decisions: number;
  readonly denied: number;
  readonly seconds: number;
  readonly latencies: LatencyLog | undefined;
  /** Resolves when what was under way at the end is answered. */
  readonly drained: Promise<void>;
}

export interface ClosedLoopOptions {
  readonly contender: Contender;
  readonly traffic: Traffic;
  readonly callers: number;
  readonly seconds: number;
  readonly timed?: boolean;
  /** The load runs on until this resolves, uncounted. */
  readonly warmUp: () => Promise<unknown>;
}

/** Counts what is answered within the time. */
export async function closedLoop(options: ClosedLoopOptions): Promise<LoopResult> {
  const { contender, traffic, callers, seconds } = options;
  const { accounts, subjects } = traffic;
  const latencies = options.timed === true ? new LatencyLog() : undefined;
  let decisions = 0;
  let denied = 0;
  let counting = false;
  let over = false;
  const caller = async (): Promise<void> => {
    for (let answers = 1; !over; answers++) {
      const rank = traffic.next();
      const askedAt = latencies === undefined ? 0 : performance.now();
      const allowed = await contender.decide(accounts[rank] as string, subjects[rank] as string);
      if (counting) {
        latencies?.add(performance.now() - askedAt);
        decisions++;
        if (!allowed) denied++;
      }
      if (answers % ANSWERS_A_TURN === 0) await nextTurn();
    }
  };
  const drained = Promise.all(Array.from({ length: callers }, caller)).then(() => undefined);
  // Where nobody waits for the rest, its failures are nobody's either.
  drained.catch(() => undefined);
  // A caller that fails ends the run at once instead of with its time.
  await Promise.race([options.warmUp(), drained]);
  counting = true;
  const startedAt = performance.now();
  await Promise.race([sleep(seconds * 1000), drained]);
  // On a busy machine a short run may end before its first answer: there has to be one.
  while (decisions === 0) await Promise.race([sleep(1), drained]);
  counting = false;
  over = true;
  return { decisions, denied, seconds: (performance.now() - startedAt) / 1000, latencies, drained };
}

/** As a warm-up. */
export function forSeconds(seconds: number): () => Promise<unknown> {
  return () => sleep(seconds * 1000);
}

/** Asks once for each of the subjects, `callers` at a time. Resolves to the seconds it took. */
export async function onePass({
  contender,
  traffic,
  callers,
}: Pick<ClosedLoopOptions, 'contender' | 'traffic' | 'callers'>): Promise<number> {
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

/** Opens connections and prepares statements, before anything is timed. */
export async function firstCalls({
  contender,
  traffic,
}: Pick<ClosedLoopOptions, 'contender' | 'traffic'>): Promise<void> {
  const { accounts, subjects } = traffic;
  const calls = Array.from({ length: FIRST_CALLS }, () => {
    const rank = traffic.next();
    return contender.decide(accounts[rank] as string, subjects[rank] as string);
  });
  await Promise.all(calls);
}
