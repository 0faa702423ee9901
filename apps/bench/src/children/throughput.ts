/** Child: how many decisions a second a contender makes for so many callers. */
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
  /** One of several nodes: counts when told to. */
  readonly together?: boolean;
}

export interface ThroughputResult {
  readonly perSecond: number;
}

/** Of the warm-up's length: the slowest contenders would be at it for minutes. */
const MOST_FILLING = 3;

childProgram<ThroughputJob, ThroughputResult>(async (job, go) => {
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  // Every subject once: a new one costs more, and only the first round would see it.
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
  if (denied > 0) throw new Error(`${denied} of ${decisions} calls were denied, of a limit that admits all`);
  // Not closed: what is still under way would be waited for, seconds of it with the slowest. The process ends here.
  return { perSecond: decisions / seconds };
});
