/** Child: how many decisions per second a contender makes for a number of callers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop, forSeconds } from '../load/closed-loop.js';
import { createTraffic, type TrafficSpec } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface ThroughputJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  readonly traffic: TrafficSpec;
  readonly callers: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** `true` for one of several instances, which starts to count when the parent sends `GO`. */
  readonly together?: boolean;
}

export interface ThroughputResult {
  readonly perSecond: number;
}

/** Filling ends after this multiple of the warm-up time at the latest. The slowest contenders would need minutes. */
const MOST_FILLING = 3;

childProgram<ThroughputJob, ThroughputResult>(async (job, go) => {
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  // Call every subject once. A new subject costs more, and only the first round would include that cost.
  const traffic = createTraffic({ ...job.traffic, fill: true });
  const { decisions, denied, seconds } = await closedLoop({
    contender,
    traffic,
    callers: job.callers,
    seconds: job.seconds,
    async warmUp() {
      for (
        const until = performance.now() + MOST_FILLING * job.warmUpSeconds * 1000;
        !traffic.filled() && performance.now() < until;
      )
        await sleep(10);
      await forSeconds(job.warmUpSeconds)();
      if (job.together === true) await go();
    },
  });
  if (denied > 0) throw new Error(`${denied} of ${decisions} calls were denied although the limit allows all`);
  // The contender is not closed, because closing waits for calls in progress, for seconds with the slowest. The process ends
  // here.
  return { perSecond: decisions / seconds };
});
