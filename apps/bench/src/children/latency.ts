/** Child: how long a contender's callers wait, at fixed numbers of callers and at half of its saturation rate. */
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop, firstCalls, forSeconds, onePass } from '../load/closed-loop.js';
import type { Percentiles } from '../load/latency-log.js';
import { openLoop } from '../load/open-loop.js';
import { createTraffic } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface LatencyJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  readonly callers: readonly number[];
  /** Number of subjects without a call in this minute; each is called once. */
  readonly freshSubjects?: number;
  /** Number of callers that saturate the contender; omitted: half of saturation is not measured. */
  readonly saturatingCallers?: number;
  readonly warmUpSeconds: number;
  /** Warm-up of a single caller. Its code is compiled only after seconds, by threads that use the server's core. */
  readonly warmUpSecondsAlone: number;
  readonly seconds: number;
}

export interface LatencyResult {
  /** In the order of `callers`. */
  readonly byCallers: readonly Percentiles[];
  readonly atHalf?: { readonly perSecond: number; readonly percentiles: Percentiles };
}

/** Number of callers in the pass over all subjects. */
const PASS_CALLERS = 256;

childProgram<LatencyJob, LatencyResult>(async (job) => {
  const { warmUpSeconds, seconds } = job;
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  const { freshSubjects: subjects } = job;
  const traffic = createTraffic({
    distribution: 'uniform',
    ...(subjects === undefined ? {} : { subjects, fill: true }),
  });
  const load = { contender, traffic };
  await firstCalls(load);
  // The first decision of a subject in a minute costs more. A single caller makes few of these in a whole minute, but would
  // make no
  // other decisions in a short measurement.
  if (subjects === undefined) await onePass({ ...load, callers: PASS_CALLERS });
  const warmUp = forSeconds(warmUpSeconds);
  const warmUpAlone = forSeconds(job.warmUpSecondsAlone);
  const byCallers: Percentiles[] = [];
  for (const callers of job.callers) {
    const warmed = callers === 1 ? warmUpAlone : warmUp;
    const { latencies, drained } = await closedLoop({ ...load, callers, seconds, warmUp: warmed, timed: true });
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
