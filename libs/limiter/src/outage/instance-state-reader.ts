/** Puts the state of this instance together from the parts that know about it. */
import type { ContactState } from './contact-state.js';
import type { InstanceState } from './instance-state.js';
import type { Outage } from './outage.js';
import type { Quarantine } from './quarantine.js';

/** What is left out is assumed to be normal. */
export interface InstanceStateParts {
  readonly contact?: ContactState | undefined;
  readonly outage?: Outage | undefined;
  readonly quarantine?: Quarantine | undefined;
}

const NORMAL: InstanceState = { mode: 'normal', sinceMs: 0, reason: '' };

export class InstanceStateReader {
  readonly #parts: InstanceStateParts;

  constructor(parts: InstanceStateParts = {}) {
    this.#parts = parts;
  }

  /** The state now. */
  read(): InstanceState {
    const { contact, outage, quarantine } = this.#parts;
    const state = outage?.state ?? NORMAL;
    if (contact?.reached === false) {
      return { mode: 'starting', sinceMs: state.sinceMs, reason: contact.failure?.message ?? '' };
    }
    const begun = quarantine?.state;
    if (state.mode !== 'normal' || begun === undefined) return state;
    return { mode: 'quarantine', sinceMs: begun.sinceMs, reason: begun.reason };
  }
}
