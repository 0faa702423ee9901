/** The locks of the lanes: each is held by one batch at a time, and batches take theirs in ascending order, as `rollgate.enter_lanes` does. */

interface Lane {
  held: boolean;
  readonly waiting: (() => void)[];
}

export class LaneLocks {
  readonly #lanes: readonly Lane[];

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes }, () => ({ held: false, waiting: [] }));
  }

  /** Calls `entered` when all these lanes are held. `lanes` is ascending. */
  enter(lanes: readonly number[], entered: () => void, from = 0): void {
    for (let i = from; i < lanes.length; i++) {
      const lane = this.#lanes[lanes[i] as number] as Lane;
      if (lane.held) {
        // The holder hands the lock over, so a lane is given to those who wait in the order in which they came.
        lane.waiting.push(() => this.enter(lanes, entered, i + 1));
        return;
      }
      lane.held = true;
    }
    entered();
  }

  leave(lanes: readonly number[]): void {
    for (const number of lanes) {
      const lane = this.#lanes[number] as Lane;
      const next = lane.waiting.shift();
      if (next === undefined) lane.held = false;
      else next();
    }
  }
}
