/**
 * Child: what a decision costs on a table of a given size and past, within a minute and at the turn of one.
 *
 * The clock is simulated: a run begins with a minute and ends before the next one does, whenever it is started, and the
 * turn of a minute need not be waited for.
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
  /** A minute after the newest one stored. */
  readonly startMinute: number;
  /** Minutes turned: in each, every subject asks once. */
  readonly turns: number;
}

export interface Cost {
  readonly perSecond: number;
  /** Microseconds of the database's CPU for one decision. */
  readonly backendMicros: number | undefined;
}

export interface GrowthResult {
  /** Within a minute: nearly every decision of ordinary traffic. */
  readonly within: Cost;
  /** The first decision of a minute, which archives the minute before and fetches the one an hour back. */
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
  await onePass(load);
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
  return { within, turning: turned, endMinute: minute };
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

/** Each turn is counted alone: between two of them nothing is asked. */
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
