/**
 * Predicts the latency and the capacity of a cluster by simulating its calls one by one. What is simulated: event loops, batches by the
 * rules of the limiter, the locks of the lanes, cores, round trips, and flushes. What is not: other load on the machines, the first
 * decision of a subject in a minute, calls that are denied, and outages.
 */
import { seededRandom } from '../load/sampling.js';
import { percentile } from '../load/statistics.js';
import type { Call } from './batch-queue.js';
import { Database, type LockRelease } from './database.js';
import { Events } from './events.js';
import { Processors } from './processors.js';
import { SimulatedInstance } from './simulated-instance.js';

/** Core time, ms. */
export interface Costs {
  /** A batch, half of it in the application's process and half in the database. */
  readonly batchMs: number;
  /** A row, in the database. */
  readonly rowMs: number;
  /** A call, in the application's process. */
  readonly callMs: number;
  /** The statement that flushes, in the database. */
  readonly flushMs: number;
  /** A batch, in addition, if all cores are busy: half of it in the application's process and half in the database. */
  readonly crowdedMs: number;
  /** A pause of an application's process. */
  readonly pauseMs: number;
}

export type SimulatedLoad =
  /** Calls of all instances together. `even`: at the beat of a timer that ticks once a millisecond, as the benchmark makes them. */
  { readonly perSecond: number; readonly arrivals: 'random' | 'even' } | { readonly callersEach: number };

export interface Deployment {
  readonly instances: number;
  readonly stripes: number;
  readonly batchesInFlight: number;
  readonly maxItems: number;
  readonly roundTripMs: number;
  /** Writing the log to the disk, ms. */
  readonly flushMs: number;
  /** `commit_delay`, ms. */
  readonly commitDelayMs: number;
  readonly release: LockRelease;
  /** Cores of the database. */
  readonly cores: number;
  /** `true`: the instances use the cores of the database, too. Otherwise each has a core of its own. */
  readonly sharedCores: boolean;
  readonly subjects: number;
  readonly accounts: number;
  readonly costs: Costs;
}

export interface SimulationOptions {
  readonly deployment: Deployment;
  readonly load: SimulatedLoad;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Prediction {
  /** Decisions per second. */
  readonly perSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly batchesPerSecond: number;
  readonly rowsPerBatch: number;
  readonly flushesPerSecond: number;
  /** Cores of the database that were busy on average, with the instances if they share them. */
  readonly busyCores: number;
  /** Share of the calls that waited longer than the budget of a call, 150 ms: an outage mode decides them. */
  readonly overBudget: number;
}

const LANES = 64;
const BUDGET_MS = 150;
/** The timer of the benchmark's open loop. */
const TICK_MS = 1;

export function simulate(options: SimulationOptions): Prediction {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #events = new Events();
  readonly #random: () => number;
  readonly #cores: Processors;
  readonly #database: Database;
  readonly #instances: readonly SimulatedInstance[];
  readonly #latencies: number[] = [];
  readonly #startMs: number;
  readonly #endMs: number;
  #settled = 0;
  #pending = 0;

  constructor(options: SimulationOptions) {
    const { deployment, warmUpSeconds, seconds, seed } = options;
    this.#options = options;
    this.#random = seededRandom(seed);
    this.#startMs = warmUpSeconds * 1000;
    this.#endMs = this.#startMs + seconds * 1000;
    this.#cores = new Processors(this.#events, deployment.cores);
    const own = deployment.sharedCores ? this.#cores : new Processors(this.#events, deployment.instances);
    const { costs, release } = deployment;
    this.#database = new Database(this.#events, this.#cores, {
      costs: { ...costs, batchMs: costs.batchMs / 2, crowdedMs: costs.crowdedMs / 2 },
      release,
      log: { flushMs: deployment.flushMs, delayMs: deployment.commitDelayMs },
    });
    this.#instances = Array.from({ length: deployment.instances }, (_, place) => {
      const instance: SimulatedInstance = new SimulatedInstance(
        { ...deployment, costs: { ...costs, batchMs: costs.batchMs / 2, crowdedMs: costs.crowdedMs / 2 } },
        {
          events: this.#events,
          cores: own,
          database: this.#database,
          random: this.#random,
          onSettled: (calls) => this.#settle(this.#instances[place] as SimulatedInstance, calls),
        },
      );
      return instance;
    });
  }

  run(): Prediction {
    const { seconds } = this.#options;
    for (const instance of this.#instances) this.#begin(instance);
    let before: ReturnType<Simulation['counts']> | undefined;
    let after: ReturnType<Simulation['counts']> | undefined;
    this.#events.after(this.#startMs, () => {
      before = this.counts();
    });
    this.#events.after(this.#endMs, () => {
      after = this.counts();
    });
    this.#events.run(() => after !== undefined && this.#pending === 0);
    const measured = differences(before as Counts, after as Counts);
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      perSecond: measured.settled / seconds,
      meanMs: sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length,
      p50Ms: percentile(sorted, 50),
      p99Ms: percentile(sorted, 99),
      batchesPerSecond: measured.batches / seconds,
      rowsPerBatch: measured.rows / Math.max(1, measured.batches),
      flushesPerSecond: measured.flushes / seconds,
      busyCores: measured.busyMs / (seconds * 1000),
      overBudget: sorted.filter((ms) => ms > BUDGET_MS).length / sorted.length,
    };
  }

  counts(): Counts {
    const { batches, rows, log } = this.#database;
    return { settled: this.#settled, batches, rows, flushes: log.flushes, busyMs: this.#cores.busyMs };
  }

  #begin(instance: SimulatedInstance): void {
    const { load } = this.#options;
    if ('callersEach' in load) {
      const calls = () => Array.from({ length: load.callersEach }, () => this.#newCall());
      this.#events.after(this.#random() * TICK_MS, () => instance.call(calls()));
    } else if (load.arrivals === 'random') this.#arriveAtRandom(instance, load.perSecond / this.#instances.length);
    else this.#arriveEvenly(instance, load.perSecond / this.#instances.length);
  }

  #arriveAtRandom(instance: SimulatedInstance, perSecond: number): void {
    const next = (): void => {
      const waitMs = (-Math.log(1 - this.#random()) / perSecond) * 1000;
      if (this.#events.now + waitMs > this.#endMs) return;
      this.#events.after(waitMs, () => {
        instance.call([this.#newCall()]);
        next();
      });
    };
    next();
  }

  #arriveEvenly(instance: SimulatedInstance, perSecond: number): void {
    const everyMs = 1000 / perSecond;
    let dueAt = this.#random() * everyMs;
    const tick = (): void => {
      const calls: Call[] = [];
      for (; dueAt <= this.#events.now && dueAt <= this.#endMs; dueAt += everyMs) calls.push(this.#newCall(dueAt));
      if (calls.length > 0) instance.call(calls);
      if (dueAt <= this.#endMs) this.#events.after(TICK_MS, tick);
    };
    this.#events.after(this.#random() * TICK_MS, tick);
  }

  #newCall(dueAt = this.#events.now): Call {
    const { subjects, accounts } = this.#options.deployment;
    const subject = Math.floor(this.#random() * subjects);
    if (this.#isMeasured(dueAt)) this.#pending++;
    return { dueAt, subject, lane: (subject % accounts) % LANES };
  }

  #isMeasured(dueAt: number): boolean {
    return dueAt >= this.#startMs && dueAt <= this.#endMs;
  }

  #settle(instance: SimulatedInstance, calls: readonly Call[]): void {
    const { now } = this.#events;
    this.#settled += calls.length;
    for (const { dueAt } of calls) {
      if (!this.#isMeasured(dueAt)) continue;
      this.#pending--;
      this.#latencies.push(now - dueAt);
    }
    if ('callersEach' in this.#options.load && now <= this.#endMs) instance.call(calls.map(() => this.#newCall()));
  }
}

interface Counts {
  readonly settled: number;
  readonly batches: number;
  readonly rows: number;
  readonly flushes: number;
  readonly busyMs: number;
}

function differences(before: Counts, after: Counts): Counts {
  return {
    settled: after.settled - before.settled,
    batches: after.batches - before.batches,
    rows: after.rows - before.rows,
    flushes: after.flushes - before.flushes,
    busyMs: after.busyMs - before.busyMs,
  };
}
