/** The cores of a machine, and the programs that run on them. */
import type { Events } from './events.js';

interface Job {
  /** The share of work per program at which this job is done. */
  readonly doneAt: number;
  readonly done: () => void;
}

/** Below this much work, in ms, a job counts as done: the sum of many shares is not exact. */
const NOTHING = 1e-9;

/** Core time that a program needs. */
export interface Work {
  readonly ms: number;
  /**
   * In addition, if all cores are busy when it starts: it interrupts another program, waits for a core, and finds its data in no cache.
   */
  readonly crowdedMs?: number;
}

/** Cores that are shared by all programs that can run: with more programs than cores, each runs equally slower. */
export class Processors {
  readonly #events: Events;
  readonly #cores: number;
  /** In the order of `doneAt`. Few programs run at a time. */
  readonly #jobs: Job[] = [];
  /** Work done so far by a program that has been running all the time, ms. */
  #share = 0;
  #sharedAt = 0;
  #busyMs = 0;
  #plan = 0;

  constructor(events: Events, cores: number) {
    this.#events = events;
    this.#cores = cores;
  }

  /** Core time used so far, ms. */
  get busyMs(): number {
    this.#advance();
    return this.#busyMs;
  }

  /** Runs a program on one core. */
  run({ ms, crowdedMs = 0 }: Work, done: () => void): void {
    this.#advance();
    const workMs = this.#jobs.length < this.#cores ? ms : ms + crowdedMs;
    const job = { doneAt: this.#share + workMs, done };
    let place = this.#jobs.length;
    while (place > 0 && (this.#jobs[place - 1] as Job).doneAt > job.doneAt) place--;
    this.#jobs.splice(place, 0, job);
    this.#planNext();
  }

  #advance(): void {
    const { now } = this.#events;
    const elapsed = now - this.#sharedAt;
    this.#sharedAt = now;
    if (this.#jobs.length === 0) return;
    this.#share += elapsed * this.#rate();
    this.#busyMs += elapsed * Math.min(this.#jobs.length, this.#cores);
  }

  /** The part of a core that each program has. */
  #rate(): number {
    return Math.min(1, this.#cores / this.#jobs.length);
  }

  #planNext(): void {
    const first = this.#jobs[0];
    const plan = ++this.#plan;
    if (first === undefined) return;
    const leftMs = Math.max(0, first.doneAt - this.#share) / this.#rate();
    this.#events.after(leftMs, () => {
      if (plan === this.#plan) this.#finish();
    });
  }

  #finish(): void {
    this.#advance();
    const done: Job[] = [];
    while (this.#jobs[0] !== undefined && this.#jobs[0].doneAt <= this.#share + NOTHING)
      done.push(this.#jobs.shift() as Job);
    this.#planNext();
    for (const job of done) job.done();
  }
}
