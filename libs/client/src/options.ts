import type { CallDenial } from './calls/call.js';
import { type Clock, systemClock } from './clock.js';
import type { HeaderReader } from './headers/limit-report.js';

/** Options of `createClient`. All have defaults. */
export interface ClientOptions {
  /**
   * Names the limits that a call meets: calls with the same key share them. By default these are all calls of one origin
   * with the same `Authorization`. Where each operation has limits of its own, name the operation.
   */
  readonly limitKey?: (call: LimitedCall) => string;
  /**
   * `even`, the default, spreads calls over the shortest window: 60 a minute is one a second. `burst` sends calls as
   * soon as units are left.
   */
  readonly pace?: 'even' | 'burst';
  /**
   * How much longer than the window an API may count a unit, in ms. 1,000 by default, for APIs that count by whole seconds;
   * 0 for those that count exactly.
   */
  readonly slackMs?: number;
  /** Longest time in ms until a call is sent, unbounded by default. Calls that will not make it are rejected at once. */
  readonly maxWaitMs?: number;
  /** Calls that may wait, 10,000 by default. Further ones are rejected. */
  readonly maxQueue?: number;
  /** Calls in flight at once, 32 by default. */
  readonly maxInFlight?: number;
  /** How many ms in the queue one step of priority is worth, 60,000 by default. */
  readonly priorityMs?: number;
  /** How often a denied call is sent again, 10 by default. */
  readonly maxDenials?: number;
  /** How often a call that failed is sent again, if that does no harm. 2 by default. */
  readonly maxRetries?: number;
  /** A longer `Retry-After` is not waited for: the caller gets the response. 3,700,000 ms by default. */
  readonly maxRetryAfterMs?: number;
  /** Whether equal GETs that wait or are in flight at the same time become one call. `true` by default. */
  readonly coalesce?: boolean;
  /** Receives each denial. */
  readonly onDenial?: (denial: CallDenial) => void;
  /** Sends a request. By default the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Time and timers, for tests. */
  readonly clock?: Clock;
  /** At least 0 and less than 1, for tests. */
  readonly random?: () => number;
}

/** What `limitKey` may look at. */
export interface LimitedCall {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderReader;
}

export type CheckedOptions = Required<Omit<ClientOptions, 'onDenial'>> & Pick<ClientOptions, 'onDenial'>;

const LIMITS = {
  maxQueue: 0,
  maxInFlight: 1,
  priorityMs: 0,
  maxDenials: 0,
  maxRetries: 0,
  maxRetryAfterMs: 0,
  maxWaitMs: 0,
  slackMs: 0,
};

/** @throws RangeError for a number that makes no sense. */
export function checkedOptions(options: ClientOptions): CheckedOptions {
  for (const [name, least] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof LIMITS];
    if (value !== undefined && !(value >= least))
      throw new RangeError(`${name} must be a number of at least ${least}.`);
  }
  return {
    limitKey: originAndAuthorization,
    pace: 'even',
    slackMs: 1_000,
    maxWaitMs: Number.POSITIVE_INFINITY,
    maxQueue: 10_000,
    maxInFlight: 32,
    priorityMs: 60_000,
    maxDenials: 10,
    maxRetries: 2,
    maxRetryAfterMs: 3_700_000,
    coalesce: true,
    fetch: (request) => fetch(request),
    clock: systemClock,
    random: Math.random,
    ...options,
  };
}

function originAndAuthorization({ url, headers }: LimitedCall): string {
  return `${new URL(url).origin} ${headers.get('authorization') ?? ''}`;
}
