/** Child: how long a contender's callers wait, at fixed numbers of callers and at half of what it can take. */
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop, firstCalls, forSeconds } from '../load/closed-loop.js';
import type { Percentiles } from '../load/latency-log.js';
import { openLoop } from '../load/open-loop.js';
import { createTraffic } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface LatencyJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  readonly callers: readonly number[];
  /** Callers that saturate it; omitted: not measured at half of saturation. */
  readonly saturatingCallers?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface LatencyResult {
  /** In the order of `callers`. */
  readonly byCallers: readonly Percentiles[];
  readonly atHalf?: { readonly perSecond: number; readonly percentiles: Percentiles };
}

childProgram<LatencyJob, LatencyResult>(async (job) => {
  const { warmUpSeconds, seconds } = job;
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  const load = { contender, traffic: createTraffic({ distribution: 'uniform' }) };
  await firstCalls(load);
  const warmUp = forSeconds(warmUpSeconds);
  const byCallers: Percentiles[] = [];
  for (const callers of job.callers) {
    const { latencies, drained } = await closedLoop({ ...load, callers, seconds, warmUp, timed: true });
    await drained;
    if (latencies) byCallers.push(latencies.percentiles());
  }
  let atHalf: LatencyResult['atHalf'];
  if (job.saturatingCallers !== undefined) {
    const full = await closedLoop({ ...load, callers: job.saturatingCallers, seconds, warmUp });
    await full.drained;
    const perSecond = full.decisions / full.seconds / 2;
    await openLoop({ ...load, perSecond, seconds: warmUpSeconds });
    atHalf = { perSecond, percentiles: (await openLoop({ ...load, perSecond, seconds })).percentiles() };
  }
  await contender.close();
  return { byCallers, ...(atHalf ? { atHalf } : {}) };
});
