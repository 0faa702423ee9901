/** What a guard asks the limiter about one call. Its values are resolved one by one. */
import type { AcquireRequest } from '@rollgate/limiter';
import type { Call } from './call.js';
import type { RouteLimit } from './route-limits.js';

/** The order in which values are resolved: after these two the dimensions, in their order, and then the plan. */
export const ACCOUNT_FIRST = 0;
export const COST_NEXT = 1;
const BEFORE_DIMENSIONS = 2;

export class GuardRequest implements AcquireRequest {
  readonly api: string;
  readonly level: readonly string[] | undefined;
  readonly dimensions: Record<string, string | undefined> = {};
  account = '';
  cost = 1;
  plan: string | undefined;
  /** How many values are resolved. */
  resolved = 0;
  readonly #dimensions: readonly string[];
  readonly #call: Call;

  constructor({ entry, level, dimensions }: RouteLimit, call: Call) {
    this.api = entry.id;
    this.level = level;
    this.plan = undefined;
    this.#dimensions = dimensions;
    this.#call = call;
  }

  get isComplete(): boolean {
    return this.resolved > BEFORE_DIMENSIONS + this.#dimensions.length;
  }

  /** The dimension whose value is resolved next; `undefined` when it is the turn of the plan. */
  get nextDimension(): string | undefined {
    return this.#dimensions[this.resolved - BEFORE_DIMENSIONS];
  }

  get route(): string | undefined {
    return this.#call.route;
  }

  get requestId(): string | undefined {
    return this.#call.requestId;
  }
}
