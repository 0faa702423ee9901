/** An instance of a simulation: an event loop, the batches of its stripes, and the flush that its batches share. */
import { type Batch, BatchQueue, type BatchRules, type Call } from './batch-queue.js';
import { type Database, type LockRelease, Session } from './database.js';
import type { Events } from './events.js';
import type { Processors, Work } from './processors.js';

interface InstanceCosts {
  /** Core time of a call in the application's process, ms. */
  readonly callMs: number;
  /** Core time of a batch in the application's process, ms. */
  readonly batchMs: number;
  /** In addition, if all cores are busy. */
  readonly crowdedMs: number;
  /** A pause of the process. */
  readonly pauseMs: number;
}

export interface InstanceOptions extends BatchRules {
  readonly stripes: number;
  readonly roundTripMs: number;
  readonly costs: InstanceCosts;
  readonly release: LockRelease;
}

/** The part of its time that a process pauses, for its garbage collector or because the machine does something else. */
const PAUSED_PART = 0.03;

export interface Surroundings {
  readonly events: Events;
  readonly cores: Processors;
  readonly database: Database;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Receives the calls of a batch when they are decided and on disk. */
  readonly onSettled: (calls: readonly Call[]) => void;
}

interface Stripe {
  readonly queue: BatchQueue;
  readonly session: Session;
}

export class SimulatedInstance {
  readonly #options: InstanceOptions;
  readonly #around: Surroundings;
  readonly #stripes: readonly Stripe[];
  readonly #loop = new Session();
  #statements = 0;
  #waitingForFlush: Batch[] = [];
  #flushing = false;

  constructor(options: InstanceOptions, around: Surroundings) {
    this.#options = options;
    this.#around = around;
    this.#stripes = Array.from({ length: options.stripes }, () => ({
      queue: new BatchQueue(options),
      session: new Session(),
    }));
    if (options.costs.pauseMs > 0) this.#pauseLater();
  }

  /** Calls that arrive at the same time. */
  call(calls: readonly Call[]): void {
    this.#onLoop({ ms: (calls.length * this.#options.costs.callMs) / 2 }, () => {
      for (const call of calls) this.#stripe(call).queue.add(call);
      for (const stripe of this.#stripes) this.#sendFrom(stripe);
    });
  }

  #pauseLater(): void {
    const { pauseMs } = this.#options.costs;
    const waitMs = (-Math.log(1 - this.#around.random()) * pauseMs) / PAUSED_PART;
    this.#around.events.after(waitMs, () => this.#onLoop({ ms: pauseMs }, () => this.#pauseLater()));
  }

  #stripe({ lane }: Call): Stripe {
    return this.#stripes[lane % this.#stripes.length] as Stripe;
  }

  /** Runs a task on the event loop, which does one at a time. */
  #onLoop(work: Work, task: () => void): void {
    this.#loop.send((done) => {
      this.#around.cores.run(work, () => {
        task();
        done();
      });
    });
  }

  #sendFrom(stripe: Stripe): void {
    const batch = stripe.queue.take();
    if (batch === undefined) return;
    const { costs, release } = this.#options;
    const isAlone = release === 'early' && this.#statements === 0 && !this.#flushing;
    this.#statements++;
    this.#onLoop({ ms: costs.batchMs / 2, crowdedMs: costs.crowdedMs / 2 }, () =>
      this.#travel(() => this.#decide(stripe, { batch, isAlone })),
    );
  }

  #decide(stripe: Stripe, { batch, isAlone }: { readonly batch: Batch; readonly isAlone: boolean }): void {
    const { database } = this.#around;
    stripe.session.send((done) => {
      database.decide(batch, () => {
        done();
        this.#travel(() => this.#answered(stripe, { batch, isAlone }));
        // The flush of a batch that is alone is behind it on the same connection.
        if (isAlone) database.flush(() => this.#travel(() => this.#settle([batch])));
      });
    });
  }

  #answered(stripe: Stripe, { batch, isAlone }: { readonly batch: Batch; readonly isAlone: boolean }): void {
    const { costs, release } = this.#options;
    const settlingMs = release === 'flush' ? this.#settlingMs(batch) : 0;
    this.#onLoop({ ms: costs.batchMs / 2 + settlingMs, crowdedMs: costs.crowdedMs / 2 }, () => {
      this.#statements--;
      stripe.queue.answered();
      if (release === 'flush') this.#around.onSettled(batch.calls);
      else if (!isAlone) this.#awaitFlush(batch);
      this.#sendFrom(stripe);
    });
  }

  /** All batches that wait share one flush: one is in flight, and one collects those that are answered meanwhile. */
  #awaitFlush(batch: Batch): void {
    this.#waitingForFlush.push(batch);
    if (!this.#flushing) this.#flush();
  }

  #flush(): void {
    this.#flushing = this.#waitingForFlush.length > 0;
    if (!this.#flushing) return;
    const batches = this.#waitingForFlush;
    this.#waitingForFlush = [];
    this.#travel(() => {
      this.#around.database.flush(() =>
        this.#travel(() => {
          this.#settle(batches);
          this.#flush();
        }),
      );
    });
  }

  #settle(batches: readonly Batch[]): void {
    const ms = batches.reduce((sum, batch) => sum + this.#settlingMs(batch), 0);
    this.#onLoop({ ms }, () => {
      for (const { calls } of batches) this.#around.onSettled(calls);
    });
  }

  #settlingMs({ calls }: Batch): number {
    return (calls.length * this.#options.costs.callMs) / 2;
  }

  /** One way between the instance and the database. */
  #travel(arrive: () => void): void {
    this.#around.events.after(this.#options.roundTripMs / 2, arrive);
  }
}
