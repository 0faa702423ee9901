/** The database of a simulation: sessions that run one statement after the other, lanes, cores and the log. */
import type { Batch } from './batch-queue.js';
import type { Events } from './events.js';
import { LaneLocks } from './lane-locks.js';
import { type FlushTimes, Log } from './log.js';
import type { Processors } from './processors.js';

const LANES = 64;

interface StatementCosts {
  /** Core time of a batch in the database, ms. */
  readonly batchMs: number;
  /** In addition, if all cores are busy. */
  readonly crowdedMs: number;
  /** Core time of a row in the database, ms. */
  readonly rowMs: number;
  /** Core time of the statement that flushes, ms. */
  readonly flushMs: number;
}

/** `flush`: the lanes are held until the batch is on disk. `early`: until it is committed in memory. */
export type LockRelease = 'early' | 'flush';

export interface DatabaseOptions {
  readonly costs: StatementCosts;
  readonly release: LockRelease;
  readonly log: FlushTimes;
}

export class Database {
  readonly log: Log;
  batches = 0;
  rows = 0;
  readonly #cores: Processors;
  readonly #options: DatabaseOptions;
  readonly #locks = new LaneLocks(LANES);

  constructor(events: Events, cores: Processors, options: DatabaseOptions) {
    this.#cores = cores;
    this.#options = options;
    this.log = new Log(events, options.log);
  }

  /** Runs the statement of a batch. With early release, the answer says nothing about the disk. */
  decide({ rows, lanes }: Pick<Batch, 'rows' | 'lanes'>, answer: () => void): void {
    const { costs, release } = this.#options;
    this.batches++;
    this.rows += rows;
    this.#locks.enter(lanes, () => {
      const { batchMs, rowMs, crowdedMs } = costs;
      this.#cores.run({ ms: batchMs + rows * rowMs, crowdedMs }, () => {
        const leave = (): void => {
          this.#locks.leave(lanes);
          answer();
        };
        if (release === 'early') leave();
        else this.log.flush(leave);
      });
    });
  }

  /** Runs the statement that flushes what has been committed. */
  flush(answer: () => void): void {
    this.#cores.run({ ms: this.#options.costs.flushMs }, () => this.log.flush(answer));
  }
}

/** One connection: its statements run one after the other. */
export class Session {
  readonly #waiting: ((done: () => void) => void)[] = [];
  #busy = false;

  send(statement: (done: () => void) => void): void {
    this.#waiting.push(statement);
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const statement = this.#waiting.shift();
    this.#busy = statement !== undefined;
    statement?.(() => this.#next());
  }
}
