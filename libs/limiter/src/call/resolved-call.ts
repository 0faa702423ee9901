import type { ApiEntry, DecisionMode, LimitSource, Limits } from '@rollgate/contract';
import type { AcquireRequest } from './acquire-request.js';

/** A valid call with its subject and the limits that apply to it now. */
export interface ResolvedCall {
  readonly entry: ApiEntry;
  readonly account: string;
  /** The subject's key. */
  readonly key: string;
  readonly limits: Limits;
  /** The limits before a quarantine halved them; set only during a quarantine. */
  readonly fullLimits?: Limits | undefined;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  /** IDs of the overrides that govern the call. */
  readonly governedBy: readonly string[];
  readonly cost: number;
  readonly request: AcquireRequest;
}
