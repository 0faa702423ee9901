/**
 * Turns a request into a call that can be decided: its API, its subject, and the limits that apply to it now.
 *
 * Invariant: a malformed request is rejected here, before it is counted anywhere.
 */
import { type ApiEntry, type Catalogue, MAX_UNITS, UnknownApiError } from '@rollgate/contract';
import type { EffectiveLimits } from '../policy/effective-limits.js';
import type { InForce } from '../policy/policy.js';
import { encodeAccount, entryOfScope, parseSubjectKey, subjectKey } from '../subject/subject-key.js';
import { InvalidRequestError, type SubjectRef } from '../subject/subject-ref.js';
import type { AcquireRequest } from './acquire-request.js';
import type { ResolvedCall } from './resolved-call.js';

/** The account whose usage is read. */
export interface UsageAccount {
  readonly account: string;
  /** The plan of its verified identity, as in a call. */
  readonly plan: string | undefined;
}

export class CallResolver {
  readonly #catalogue: Catalogue;
  readonly #limits: EffectiveLimits;

  constructor({ catalogue, limits }: { catalogue: Catalogue; limits: EffectiveLimits }) {
    this.#catalogue = catalogue;
    this.#limits = limits;
  }

  /** Resolves a call of `cost` units, or a subject as if for a call of one. @throws InvalidRequestError, UnknownApiError */
  resolve(request: SubjectRef, cost = 1): ResolvedCall {
    const { account, api, dimensions, level, plan } = request;
    if (plan !== undefined && typeof plan !== 'string') throw new InvalidRequestError('plan', 'must be a text');
    const entry = this.#catalogue.find(api);
    if (!entry) throw new UnknownApiError(String(api), this.#catalogue.nearest(String(api)));
    const encoded = encodeAccount(account);
    const key = subjectKey(entry, encoded, { level, dimensions });
    const asked = { account: encoded, plan, subject: key };
    const { limits, fullLimits, source, mode, governedBy } = this.#limits.of(entry, asked);
    return { entry, account, key, limits, fullLimits, source, mode, governedBy, cost, request };
  }

  /**
   * Resolves the key of a subject of this account, as stored. Returns `undefined` if its API or group is no longer in
   * the catalogue.
   */
  resolveKey(
    key: string,
    { account, plan }: UsageAccount,
  ): (UsageAccount & { key: string; entry: ApiEntry } & InForce) | undefined {
    const entry = entryOfScope(this.#catalogue, parseSubjectKey(key).scope);
    if (entry === undefined) return undefined;
    return {
      key,
      entry,
      account,
      plan,
      ...this.#limits.of(entry, { account: encodeAccount(account), plan, subject: key }),
    };
  }
}

/** The cost of a call, 1 if it is left out. @throws InvalidRequestError */
export function costOf({ cost = 1 }: AcquireRequest): number {
  if (typeof cost !== 'number' || !Number.isInteger(cost) || cost < 1 || cost > MAX_UNITS) {
    throw new InvalidRequestError('cost', `must be a whole number from 1 to ${MAX_UNITS}`);
  }
  return cost;
}
