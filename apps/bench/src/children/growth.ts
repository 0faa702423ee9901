/**
 * Child: the cost of a decision on a table with a given size and history, within a minute and at the start of one.
 *
 * The clock is simulated. Whenever a run is started, it begins at the start of a minute and ends before that minute does, and it does
 * not have to wait for the next minute.
 */
import { ADMIT_ALL } from '../contenders/contender.js';
import { Rollgate } from '../contenders/rollgate.js';
import { type ClosedLoopOptions, closedLoop, forSeconds, onePass } from '../load/closed-loop.js';
import { createTraffic, type TrafficSpec } from '../load/traffic.js';
import { type BackendCpu, openBackendCpu } from './backend-cpu.js';
import { childProgram } from './child-program.js';

export interface GrowthJob {
  readonly databaseUrl: string;
  readonly traffic: TrafficSpec;
  readonly callers: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** The Unix minute in which the run begins: later than every stored minute. */
  readonly startMinute: number;
  /** Number of later minutes; in each, every subject makes one call. */
  readonly turns: number;
}

export interface Cost {
  readonly perSecond: number;
  /** Microseconds of database CPU per decision. */
  readonly backendMicros: number | undefined;
}

export interface GrowthResult {
  /** One call of each subject, before anything else is measured: in an empty table, the first call of its life. */
  readonly firstPass: Cost;
  /** Decisions within a minute: nearly all decisions of ordinary traffic. */
  readonly within: Cost;
  /** The first decision of a subject in a minute, which archives the previous minute and fetches the minute an hour ago. */
  readonly turning: Cost;
  readonly endMinute: number;
}

const MINUTE_MS = 60_000;

childProgram<GrowthJob, GrowthResult>(async (job) => {
  let minute = job.startMinute;
  let minuteStartedAt = performance.now();
  const clock = (): number => minute * MINUTE_MS + Math.min(MINUTE_MS - 1, performance.now() - minuteStartedAt);
  const { databaseUrl, callers } = job;
  const contender = new Rollgate({ databaseUrl, redisPort: 0, limits: ADMIT_ALL, clock });
  await contender.open();
  const cpu = await openBackendCpu(databaseUrl);
  const load = { contender, traffic: createTraffic(job.traffic), callers };
  const before = await cpu.read();
  const seconds = await onePass(load);
  const firstPass = cost({ decisions: load.traffic.subjects.length, seconds, before, after: await cpu.read() });
  const within = await withinMinute(cpu, { ...load, job });
  const turned = await turning(cpu, {
    turns: job.turns,
    async turn() {
      minute++;
      minuteStartedAt = performance.now();
      return { decisions: load.traffic.subjects.length, seconds: await onePass(load) };
    },
  });
  await cpu.close();
  await contender.close();
  return { firstPass, within, turning: turned, endMinute: minute };
});

async function withinMinute(
  cpu: BackendCpu,
  { job, ...load }: Pick<ClosedLoopOptions, 'contender' | 'traffic' | 'callers'> & { job: GrowthJob },
): Promise<Cost> {
  let before: number | undefined;
  const warmUp = async (): Promise<void> => {
    await forSeconds(job.warmUpSeconds)();
    before = await cpu.read();
  };
  const { decisions, seconds, drained } = await closedLoop({ ...load, seconds: job.seconds, warmUp });
  const after = await cpu.read();
  await drained;
  return cost({ decisions, seconds, before, after });
}

/** Sums the time of the turns only; between two of them no call is made. */
async function turning(cpu: BackendCpu, { turns, turn }: { turns: number; turn: () => Promise<Pass> }): Promise<Cost> {
  const before = await cpu.read();
  let decisions = 0;
  let seconds = 0;
  for (let i = 0; i < turns; i++) {
    const pass = await turn();
    decisions += pass.decisions;
    seconds += pass.seconds;
  }
  return cost({ decisions, seconds, before, after: await cpu.read() });
}

interface Pass {
  readonly decisions: number;
  readonly seconds: number;
}

function cost({
  decisions,
  seconds,
  before,
  after,
}: Pass & { before: number | undefined; after: number | undefined }): Cost {
  const backendMicros = before === undefined || after === undefined ? undefined : (after - before) / decisions;
  return { perSecond: decisions / seconds, backendMicros };
}
