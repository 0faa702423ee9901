/** The limits that apply to a subject now: those of the policy, halved while the counts may be incomplete. */
import type { ApiEntry } from '@rollgate/contract';
import type { Quarantine } from '../outage/quarantine.js';
import type { InForce, Policy } from './policy.js';

export interface EffectiveLimitsOptions {
  readonly policy: Policy;
  /** The clock by which overrides start and expire, Unix ms. */
  readonly now: () => number;
  /** Halves the limits while the counts may be incomplete. */
  readonly quarantine?: Quarantine | undefined;
}

export class EffectiveLimits {
  readonly policy: Policy;
  readonly #now: () => number;
  readonly #quarantine: Quarantine | undefined;

  constructor({ policy, now, quarantine }: EffectiveLimitsOptions) {
    this.policy = policy;
    this.#now = now;
    this.#quarantine = quarantine;
  }

  /**
   * `account` is as returned by `encodeAccount`; `plan` is the plan that the call brings; `subject` is the subject's
   * key.
   */
  of(entry: ApiEntry, asked: { account: string; plan: string | undefined; subject: string }): InForce {
    const inForce =
      asked.plan !== undefined || this.policy.hasOwnLimits(asked.account)
        ? this.policy.inForce(entry, { ...asked, nowMs: this.#now() })
        : this.policy.defaultOf(entry);
    const quarantine = this.#quarantine;
    if (quarantine?.state === undefined) return inForce;
    return { ...inForce, limits: quarantine.limitsOf(inForce.limits), fullLimits: inForce.limits };
  }
}
