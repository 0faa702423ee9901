/**
 * The write-ahead log: one flush at a time, shared by all that wait for one. A transaction that comes while a flush is being written
 * waits for the next one. While the server only delays a flush (`commit_delay`), it can still join.
 */
import type { Events } from './events.js';

export interface FlushTimes {
  /** Writing to the disk, ms. */
  readonly flushMs: number;
  /** `commit_delay`, ms. */
  readonly delayMs: number;
}

export class Log {
  readonly #events: Events;
  readonly #times: FlushTimes;
  #waiting: (() => void)[] = [];
  #busy = false;
  flushes = 0;

  constructor(events: Events, times: FlushTimes) {
    this.#events = events;
    this.#times = times;
  }

  /** Calls `flushed` when everything written so far is on disk. */
  flush(flushed: () => void): void {
    this.#waiting.push(flushed);
    if (!this.#busy) this.#begin();
  }

  #begin(): void {
    this.#busy = true;
    this.#events.after(this.#times.delayMs, () => {
      const covered = this.#waiting;
      this.#waiting = [];
      this.#events.after(this.#times.flushMs, () => {
        this.flushes++;
        this.#busy = false;
        if (this.#waiting.length > 0) this.#begin();
        for (const flushed of covered) flushed();
      });
    });
  }
}
