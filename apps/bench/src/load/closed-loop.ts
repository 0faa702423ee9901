/** A closed loop: a fixed number of callers, each of which makes its next call as soon as the previous one is answered. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.js';
import { LatencyLog } from './latency-log.js';
import type { Traffic } from './traffic.js';

/**
 * After this many answers a caller yields to the event loop. Answers from memory never yield, so otherwise no timer would fire.
 */
const ANSWERS_A_TURN = 256;

/** More than the number of connections of any contender. */
const FIRST_CALLS = 32;

export interface LoopResult {
  readonly decisions: number;
  readonly denied: number;
  readonly seconds: number;
  readonly latencies: LatencyLog | undefined;
  /** Resolves when the calls in progress at the end are answered. */
  readonly drained: Promise<void>;
}

export interface ClosedLoopOptions {
  readonly contender: Contender;
  readonly traffic: Traffic;
  readonly callers: number;
  readonly seconds: number;
  readonly timed?: boolean;
  /** Calls are made but not counted until this resolves. */
  readonly warmUp: () => Promise<unknown>;
}

/** Counts the calls answered within `seconds`, after the warm-up. */
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
  // If no caller waits for `drained`, its failure must not become an unhandled rejection.
  drained.catch(() => undefined);
  // If a caller fails, the run ends at once instead of at its scheduled end.
  await Promise.race([options.warmUp(), drained]);
  counting = true;
  const startedAt = performance.now();
  await Promise.race([sleep(seconds * 1000), drained]);
  // On a busy machine a short run may end before its first answer. Wait for one.
  while (decisions === 0) await Promise.race([sleep(1), drained]);
  counting = false;
  over = true;
  return { decisions, denied, seconds: (performance.now() - startedAt) / 1000, latencies, drained };
}

/** A warm-up of fixed length. */
export function forSeconds(seconds: number): () => Promise<unknown> {
  return () => sleep(seconds * 1000);
}

/** Makes one call for each subject, `callers` at a time. Resolves to the seconds it took. */
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

/** Opens connections and prepares statements before anything is measured. */
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
