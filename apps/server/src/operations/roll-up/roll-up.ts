/**
 * Adds up usage by hour and by day, in steps of about 100 ms (`rollgate.roll_up_step`).
 *
 * Invariants: one service at a time, by an advisory lock that each step takes for its own transaction; how far it is, is
 * in the database, so that any service continues; it stops within one step.
 */
import { DEFAULT_KEEP_SECONDS, JitteredLoop } from '@rollgate/limiter';
import type pg from 'pg';

/** How long usage by hour is kept by default, in days. */
const DEFAULT_KEEP_DAYS = 400;

/** After this many attempts a step that something else holds up is left to the next pass. */
const HELD_UP_RETRIES = 20;
const RETRY_MS = 250;
/** A step is followed by a pause of at least its own time, so that catching up takes at most half of one core. */
const LEAST_PAUSE_MS = 1;

export interface RollUpOptions {
  readonly pool: pg.Pool;
  /** How long usage by hour is kept, in days, 400 by default. */
  readonly keepDays: number | undefined;
  /** How long the janitor keeps finished minutes, one day by default. */
  readonly keepSeconds: number | undefined;
  /** Average interval between two passes, in ms, one minute by default. */
  readonly everyMs?: number | undefined;
  onPass?(pass: RollUpPass): void;
  onError(error: Error): void;
}

export interface RollUpPass {
  /** Steps that did something. */
  readonly steps: number;
  /** The end of the newest hour that is complete; undefined: another service is adding up. */
  readonly rolledTo: Date | undefined;
}

interface Step {
  readonly did: string | null;
  readonly held_up: boolean;
  readonly rolled_to: Date | null;
}

export class RollUp {
  readonly #options: RollUpOptions;
  readonly #loop: JitteredLoop;

  constructor(options: RollUpOptions) {
    this.#options = options;
    this.#loop = new JitteredLoop({
      task: () => this.#runPass(),
      everyMs: options.everyMs ?? 60_000,
      startsWithTask: true,
    });
  }

  /** Starts the passes. The first one begins immediately. */
  start(): void {
    this.#loop.start();
  }

  /** Stops the passes. Resolves after the current step. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Steps until nothing is left to do, or something else holds it up for too long. @throws the database's error */
  async pass(): Promise<RollUpPass> {
    let [steps, heldUp] = [0, 0];
    let rolledTo: Date | undefined;
    while (!this.#loop.isStopped && heldUp <= HELD_UP_RETRIES) {
      const startedAt = performance.now();
      const step = await this.#step();
      rolledTo = step.rolled_to ?? rolledTo;
      if (step.did === null && !step.held_up) break;
      if (step.held_up) heldUp++;
      else [steps, heldUp] = [steps + 1, 0];
      await this.#loop.pause(step.held_up ? RETRY_MS : Math.max(LEAST_PAUSE_MS, performance.now() - startedAt));
    }
    return { steps, rolledTo };
  }

  async #step(): Promise<Step> {
    const { pool, keepDays = DEFAULT_KEEP_DAYS, keepSeconds = DEFAULT_KEEP_SECONDS } = this.#options;
    const { rows } = await pool.query<Step>('SELECT did, held_up, rolled_to FROM rollgate.roll_up_step($1, $2)', [
      keepDays,
      keepSeconds,
    ]);
    return rows[0] as Step;
  }

  async #runPass(): Promise<void> {
    try {
      this.#options.onPass?.(await this.pass());
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }
}
