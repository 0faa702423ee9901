/** Child: how long a contender's callers wait, at fixed numbers of callers and at half of what it can take. */
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop } from '../load/closed-loop.js';
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
  const byCallers: Percentiles[] = [];
  for (const callers of job.callers) {
    await closedLoop({ ...load, callers, seconds: warmUpSeconds });
    const { latencies } = await closedLoop({ ...load, callers, seconds, timed: true });
    if (latencies) byCallers.push(latencies.percentiles());
  }
  let atHalf: LatencyResult['atHalf'];
  if (job.saturatingCallers !== undefined) {
    const saturating = { ...load, callers: job.saturatingCallers };
    await closedLoop({ ...saturating, seconds: warmUpSeconds });
    const full = await closedLoop({ ...saturating, seconds });
    const perSecond = full.decisions / full.seconds / 2;
    await openLoop({ ...load, perSecond, seconds: warmUpSeconds });
    atHalf = { perSecond, percentiles: (await openLoop({ ...load, perSecond, seconds })).percentiles() };
  }
  await contender.close();
  return { byCallers, ...(atHalf ? { atHalf } : {}) };
});
