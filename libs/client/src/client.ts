import type { Call, CallOptions } from './calls/call.js';
import { backoffMs, DENIED, isRepeatable, isTransient } from './calls/retries.js';
import { type Room, Turns } from './calls/turns.js';
import { CallAbortedError } from './errors.js';
import { type LimitReport } from './headers/limit-report.js';
import { readLimits } from './headers/read-limits.js';
import type { Attempt } from './limits/attempt.js';
import { SharedLimits } from './limits/shared-limits.js';
import { type CheckedOptions, type ClientOptions, checkedOptions } from './options.js';

/** Keys of limits that are remembered while no call uses them. */
const MAX_IDLE_KEYS = 1_000;
const NO_LIMITS: LimitReport = { windows: [], retryAfterMs: null };

/** The state of one window, for display. */
export interface LimitState {
  readonly limitKey: string;
  readonly name: string;
  readonly partition: string | null;
  readonly limit: number | null;
  readonly lengthMs: number | null;
  /** Units that this client may spend now. */
  readonly available: number;
}

/** A call on its way, with what happened to it so far. */
interface Progress {
  readonly turns: Turns;
  readonly limitKey: string;
  readonly order: number;
  readonly sequence: number;
  readonly deadlineMs: number;
  notBeforeMs: number;
  denials: number;
  failures: number;
}

/** Sends calls so that the limits of the APIs are kept. The forms for fetch, axios and Node's http are built on `run`. */
export class RateLimitedClient {
  readonly options: CheckedOptions;
  readonly #turns = new Map<string, Turns>();
  readonly #room: Room;

  constructor(options: ClientOptions = {}) {
    this.options = checkedOptions(options);
    const { clock, maxQueue, maxInFlight } = this.options;
    this.#room = { clock, maxQueue, maxInFlight, waiting: 0, inFlight: 0, order: 0, isClosed: false };
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#room.waiting;
  }

  get inFlight(): number {
    return this.#room.inFlight;
  }

  /** The limits that responses have reported so far. */
  limits(): LimitState[] {
    const nowMs = this.options.clock.nowMs();
    return [...this.#turns].flatMap(([limitKey, { limits }]) =>
      [...limits.windows].map((window) => {
        const { name, partition, limit, lengthMs } = window;
        return { limitKey, name, partition, limit, lengthMs, available: Math.max(0, window.availableAt(nowMs)) };
      }),
    );
  }

  /**
   * Waits for the call's turn, sends it, and sends it again where that helps and does no harm. Resolves to the last
   * response, whatever its status.
   * @throws CallError if it was not sent or was aborted; the error of `call.send` if that failed and may not be repeated
   */
  async run<R>(call: Call<R>, options: CallOptions = {}): Promise<R> {
    const progress = this.#start(call, options);
    for (;;) {
      const attempt = await progress.turns.next(this.#turn(call, options, progress));
      const response = await this.#send(call, options, { attempt, progress });
      if (response !== undefined) return response.value;
    }
  }

  /** Rejects calls that wait. Those in flight are finished. */
  close(): void {
    this.#room.isClosed = true;
    for (const turns of this.#turns.values()) turns.close();
  }

  #start(call: Call<unknown>, options: CallOptions): Progress {
    const nowMs = this.options.clock.nowMs();
    const limitKey = options.limitKey ?? this.options.limitKey(call);
    const maxWaitMs = options.maxWaitMs ?? this.options.maxWaitMs;
    const order = nowMs - (options.priority ?? 0) * this.options.priorityMs;
    const turns = this.#turnsOf(limitKey);
    this.#room.order += 1;
    const sequence = this.#room.order;
    const deadlineMs = nowMs + maxWaitMs;
    return { turns, limitKey, order, sequence, deadlineMs, notBeforeMs: 0, denials: 0, failures: 0 };
  }

  #turn({ method, url }: Call<unknown>, { cost = 1, maxWaitMs, signal }: CallOptions, progress: Progress) {
    const { origin, pathname } = new URL(url);
    const { order, sequence, deadlineMs, notBeforeMs, denials, failures } = progress;
    return {
      route: `${method} ${origin}${pathname}`,
      cost,
      order,
      sequence,
      deadlineMs,
      notBeforeMs,
      maxWaitMs: maxWaitMs ?? this.options.maxWaitMs,
      signal,
      isRepeated: denials + failures > 0,
    };
  }

  /** Returns the response for the caller, or `undefined` if the call has to be sent again. */
  async #send<R>(
    call: Call<R>,
    options: CallOptions,
    { attempt, progress }: { attempt: Attempt; progress: Progress },
  ): Promise<{ value: R } | undefined> {
    let response: R;
    try {
      response = await call.send(options.signal);
    } catch (error) {
      this.#end(attempt, progress, () => progress.turns.limits.end(attempt, 'unknown', this.#now(NO_LIMITS)));
      if (options.signal?.aborted) throw new CallAbortedError(options.signal.reason);
      if (!this.#mayRetry(call, options, progress)) throw error;
      this.#backOff(progress, 0);
      return undefined;
    }
    const { status, headers } = call.read(response);
    const report = readLimits(headers, () => this.options.clock.unixMs());
    const repeats = this.#end(attempt, progress, () =>
      status === DENIED
        ? this.#denied(call, { attempt, progress, report })
        : this.#answered(call, options, { attempt, progress, report, status }),
    );
    if (!repeats) return { value: response };
    call.discard(response);
    return undefined;
  }

  /** Runs `settle`, and then gives the next calls their turns. */
  #end<T>(attempt: Attempt, { turns }: Progress, settle: () => T): T {
    this.#room.order += 1;
    attempt.receivedOrder = this.#room.order;
    attempt.receivedMs = this.options.clock.nowMs();
    this.#room.inFlight -= 1;
    try {
      return settle();
    } finally {
      turns.run();
      // The bound on calls in flight is common to all keys.
      if (this.#room.inFlight === this.#room.maxInFlight - 1) for (const others of this.#turns.values()) others.run();
    }
  }

  #denied(
    call: Call<unknown>,
    { attempt, progress, report }: { attempt: Attempt; progress: Progress; report: LimitReport },
  ): boolean {
    const { method, url } = call;
    const { limitKey, turns, deadlineMs } = progress;
    const now = this.#now(report);
    const waitMs = turns.limits.end(attempt, 'denied', now);
    progress.denials += 1;
    const isBlocked = report.retryAfterMs === null && report.windows.some(({ limit }) => limit === 0);
    const isTooLong = waitMs > this.options.maxRetryAfterMs || now.nowMs + waitMs > deadlineMs;
    const repeats = call.canResend && !isBlocked && !isTooLong && progress.denials <= this.options.maxDenials;
    this.options.onDenial?.({ method, url, limitKey, denials: progress.denials, waitMs: repeats ? waitMs : null });
    return repeats;
  }

  #answered(
    call: Call<unknown>,
    options: CallOptions,
    {
      attempt,
      progress,
      report,
      status,
    }: { attempt: Attempt; progress: Progress; report: LimitReport; status: number },
  ): boolean {
    const { limits } = progress.turns;
    const now = this.#now(report);
    limits.end(attempt, 'answered', now);
    const waitMs = report.retryAfterMs ?? 0;
    if (status === 503 && waitMs > 0) limits.pause(Math.min(waitMs, this.options.maxRetryAfterMs), now.nowMs);
    if (!isTransient(status) || waitMs > this.options.maxRetryAfterMs || now.nowMs + waitMs > progress.deadlineMs)
      return false;
    if (!this.#mayRetry(call, options, progress)) return false;
    this.#backOff(progress, waitMs);
    return true;
  }

  #mayRetry(call: Call<unknown>, options: CallOptions, { failures }: Progress): boolean {
    return call.canResend && failures < this.options.maxRetries && isRepeatable(call, options) && !this.#room.isClosed;
  }

  #backOff(progress: Progress, waitMs: number): void {
    progress.failures += 1;
    const { clock, random } = this.options;
    progress.notBeforeMs = clock.nowMs() + waitMs + backoffMs(progress.failures, random);
  }

  #now(report: LimitReport): { report: LimitReport; nowMs: number } {
    return { report, nowMs: this.options.clock.nowMs() };
  }

  #turnsOf(limitKey: string): Turns {
    const { random, pace, slackMs } = this.options;
    const spread = pace === 'even';
    const turns = this.#turns.get(limitKey) ?? new Turns(new SharedLimits({ random, spread, slackMs }), this.#room);
    this.#turns.delete(limitKey);
    this.#turns.set(limitKey, turns);
    if (this.#turns.size > MAX_IDLE_KEYS) {
      const idle = [...this.#turns].find(([key, one]) => key !== limitKey && one.isIdle);
      if (idle) this.#turns.delete(idle[0]);
    }
    return turns;
  }
}
