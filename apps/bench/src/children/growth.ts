/**
 * Child: what a decision costs on a table of a given size and past, within a minute and at the turn of one.
 *
 * The clock is simulated: a run begins with a minute and ends before the next one does, whenever it is started, and the
 * turn of a minute need not be waited for.
 */
import { ADMIT_ALL } from '../contenders/contender.js';
import { Rollgate } from '../contenders/rollgate.js';
import { closedLoop, onePass } from '../load/closed-loop.js';
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
  await closedLoop({ ...load, seconds: job.warmUpSeconds });
  const within = await costOf(cpu, () => closedLoop({ ...load, seconds: job.seconds }));
  const turning = await costOf(cpu, async () => {
    let seconds = 0;
    for (let turn = 0; turn < job.turns; turn++) {
      minute++;
      minuteStartedAt = performance.now();
      seconds += await onePass(load);
    }
    return { decisions: job.turns * load.traffic.subjects.length, seconds };
  });
  await cpu.close();
  await contender.close();
  return { within, turning, endMinute: minute };
});

async function costOf(cpu: BackendCpu, work: () => Promise<{ decisions: number; seconds: number }>): Promise<Cost> {
  const before = await cpu.read();
  const { decisions, seconds } = await work();
  const after = await cpu.read();
  const backendMicros = before === undefined || after === undefined ? undefined : (after - before) / decisions;
  return { perSecond: decisions / seconds, backendMicros };
}
