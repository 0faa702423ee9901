/**
 * Events that can come in floods: refusals after too many attempts, and uses of tokens. They are counted in memory, so that
 * a flood costs one statement a second.
 *
 * Invariants: memory is bounded; above that, addresses are counted together; what could not be written stays counted.
 */
import type { SignInNote } from './notes.js';

/** The most combinations of outcome, login and address that are kept apart. */
const MOST_KEPT_APART = 1_000;

export interface CountedNote extends SignInNote {
  readonly times: number;
}

export class CountedNotes {
  #counted = new Map<string, CountedNote>();

  add(note: SignInNote, times = 1): void {
    const isFull = this.#counted.size >= MOST_KEPT_APART && !this.#counted.has(keyOf(note));
    const kept = isFull ? { ...note, address: null, userAgent: null, requestId: null } : note;
    const known = this.#counted.get(keyOf(kept));
    this.#counted.set(keyOf(kept), { ...(known ?? kept), times: (known?.times ?? 0) + times });
  }

  /** What was counted since the last time. */
  take(): readonly CountedNote[] {
    const counted = [...this.#counted.values()];
    this.#counted = new Map();
    return counted;
  }

  /** Counts again what was taken and could not be written. */
  giveBack(notes: readonly CountedNote[]): void {
    for (const { times, ...note } of notes) this.add(note, times);
  }
}

function keyOf({ outcome, method, login, address }: SignInNote): string {
  return JSON.stringify([outcome, method, login, address]);
}
