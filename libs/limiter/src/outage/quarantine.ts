/**
 * A time of half limits, when counts can't be trusted whole: the database's clock has jumped ahead, so that units left
 * their windows early, or another server has taken its place, which may lack the last grants. After 61 s every unit of
 * the minute was granted since.
 */
import type { Limits } from '@rollgate/contract';

const LASTS_MS = 61_000;
/** Of the database's clock against this node's monotonic one, between two looks. */
const MOST_STEP_MS = 1_000;

export interface ServerState {
  readonly nowMs: number;
  /** null: it can't be written to. */
  readonly timeline: string | null;
}

export class Quarantine {
  readonly #monotonic: () => number;
  readonly #onAlarm: (error: Error) => void;
  #timeline: string | undefined;
  #heard = false;
  #since: number | undefined;
  #reason = '';

  /** `monotonic`: ms. */
  constructor({ monotonic, onAlarm }: { monotonic: () => number; onAlarm: (error: Error) => void }) {
    this.#monotonic = monotonic;
    this.#onAlarm = onAlarm;
  }

  /** `expectedMs`: what the database's clock should have said; `toleranceMs`: the time the look took. */
  look(state: ServerState, { expectedMs, toleranceMs }: { expectedMs: number; toleranceMs: number }): void {
    const step = state.nowMs - expectedMs;
    const first = !this.#heard;
    this.#heard = true;
    if (!first && step > MOST_STEP_MS + toleranceMs)
      this.#begin(`the database's clock went ${Math.round(step)} ms ahead`);
    if (!first && step < -MOST_STEP_MS - toleranceMs) {
      // Windows stay where they were until it has caught up.
      this.#onAlarm(new Error(`the database's clock went ${Math.round(-step)} ms back`));
    }
    if (state.timeline === null) return;
    if (this.#timeline !== undefined && this.#timeline !== state.timeline) {
      this.#begin(`another server has taken the database's place (timeline ${state.timeline})`);
    }
    this.#timeline = state.timeline;
  }

  /** Since when in ms of the monotonic clock, and why; `undefined`: no quarantine. */
  get state(): { since: number; reason: string } | undefined {
    if (this.#since === undefined) return undefined;
    if (this.#monotonic() - this.#since < LASTS_MS) return { since: this.#since, reason: this.#reason };
    this.#since = undefined;
    return undefined;
  }

  limitsOf(limits: Limits): Limits {
    if (this.state === undefined) return limits;
    return { perMinute: Math.floor(limits.perMinute / 2), perHour: Math.floor(limits.perHour / 2) };
  }

  #begin(reason: string): void {
    this.#since = this.#monotonic();
    this.#reason = reason;
    this.#onAlarm(new Error(`${reason}: half limits for ${LASTS_MS / 1000} s`));
  }
}
