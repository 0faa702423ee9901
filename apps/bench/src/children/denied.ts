/** Child: how fast a contender denies calls of subjects whose limit is used up, and how many store calls that takes. */
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop, forSeconds, onePass } from '../load/closed-loop.js';
import { createTraffic } from '../load/traffic.js';
import { childProgram } from './child-program.js';
import { countScripts, countStatements } from './store-calls.js';

export interface DeniedJob {
  readonly contender: ContenderName;
  /** `limits` are used up before the measurement: one unit. */
  readonly options: Omit<ContenderOptions, 'clock'>;
  readonly subjects: number;
  readonly callers: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface DeniedResult {
  readonly perSecond: number;
  readonly storeCalls: number;
}

const SPENDING_CALLERS = 512;

childProgram<DeniedJob, DeniedResult>(async (job) => {
  const inRedis = job.contender !== 'rollgate' && job.contender !== 'rlf-postgres';
  const calls = inRedis ? await countScripts(job.options.redisPort) : countStatements();
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  const traffic = createTraffic({ distribution: 'uniform', subjects: job.subjects });
  const load = { contender, traffic, callers: job.callers };
  // The first pass spends the unit. The second is denied, and after that an instance may remember the denial.
  await onePass({ ...load, callers: SPENDING_CALLERS });
  await onePass({ ...load, callers: SPENDING_CALLERS });
  let before = 0;
  const { decisions, denied, seconds, drained } = await closedLoop({
    ...load,
    seconds: job.seconds,
    async warmUp() {
      await forSeconds(job.warmUpSeconds)();
      before = await calls.count();
    },
  });
  await drained;
  const storeCalls = (await calls.count()) - before;
  if (denied < decisions) throw new Error(`${decisions - denied} calls were allowed although the limit is used up`);
  await calls.close();
  await contender.close();
  return { perSecond: denied / seconds, storeCalls };
});
