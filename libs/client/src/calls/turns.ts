/**
 * Gives the calls that share limits their turns: in order, when the limits allow it.
 *
 * Invariants: a call that waits for a window is not overtaken by others that would take units from the same window; and a
 * call that waits for one window does not stop calls that do not meet it.
 */
import { Alarm, type Clock } from '../clock.js';
import { CallAbortedError, ClientClosedError, QueueFullError, WaitTooLongError } from '../errors.js';
import type { Attempt } from '../limits/attempt.js';
import type { Ready, SharedLimits } from '../limits/shared-limits.js';
import type { Window } from '../limits/window.js';
import { CallQueue, type WaitingCall } from './waiting-call.js';

/** What all calls of a client share. */
export interface Room {
  readonly clock: Clock;
  readonly maxQueue: number;
  readonly maxInFlight: number;
  waiting: number;
  inFlight: number;
  /** Counts calls, sendings and responses, which gives all of them an order. */
  order: number;
  isClosed: boolean;
}

export interface Turn extends Omit<WaitingCall, 'send' | 'fail'> {
  readonly signal: AbortSignal | undefined;
  /** It was queued before, so the bound of the queue does not apply. */
  readonly isRepeated: boolean;
}

export class Turns {
  readonly limits: SharedLimits;
  readonly #room: Room;
  readonly #queue = new CallQueue();
  readonly #alarm: Alarm;
  /** Waiting calls with a deadline. */
  #deadlines = 0;

  constructor(limits: SharedLimits, room: Room) {
    this.limits = limits;
    this.#room = room;
    this.#alarm = new Alarm(room.clock, () => this.run());
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get isIdle(): boolean {
    return this.#queue.size === 0 && this.limits.inFlight === 0;
  }

  /**
   * Waits until the call may be sent.
   * @throws QueueFullError, WaitTooLongError, CallAbortedError, ClientClosedError
   */
  next(turn: Turn): Promise<Attempt> {
    const { signal } = turn;
    return new Promise((resolve, reject) => {
      if (this.#room.isClosed) return reject(new ClientClosedError());
      if (signal?.aborted) return reject(new CallAbortedError(signal.reason));
      const isFull = !turn.isRepeated && this.#room.waiting >= this.#room.maxQueue;
      const abort = (): void => {
        this.#remove(call);
        call.fail(new CallAbortedError(signal?.reason));
      };
      const stop = (): void => signal?.removeEventListener('abort', abort);
      const call: WaitingCall = {
        ...turn,
        send: (attempt) => {
          stop();
          resolve(attempt);
        },
        fail: (error) => {
          stop();
          reject(error as Error);
        },
      };
      signal?.addEventListener('abort', abort);
      this.#add(call);
      this.run();
      // A call that could be sent at once needs no place.
      if (isFull && this.#remove(call)) call.fail(new QueueFullError(this.#room.maxQueue));
    });
  }

  /** Sends every call whose turn it is, and sets the alarm for the next one. */
  run(): void {
    const nowMs = this.#room.clock.nowMs();
    let wakeMs = Number.POSITIVE_INFINITY;
    const blocked = new Map<Window, Ready>();
    let allBlocked: Ready | undefined;
    for (const call of this.#queue.list()) {
      const ready = this.#readyOf(call, { blocked, allBlocked, nowMs });
      if (ready.atMs <= nowMs) this.#send(call, nowMs);
      else if (nowMs >= call.deadlineMs || (ready.isFirm && ready.atMs > call.deadlineMs))
        this.#giveUp(call, ready, nowMs);
      else wakeMs = Math.min(wakeMs, ready.atMs, call.deadlineMs);
      // Without windows there is nothing that tells a later call apart.
      const isBlocked = ready.atMs > Math.max(nowMs, call.notBeforeMs);
      if (isBlocked && this.limits.windowsOf(call.route).length === 0) allBlocked = ready;
      if (this.#deadlines === 0 && (allBlocked !== undefined || this.#isAllBlocked(blocked))) break;
    }
    this.#alarm.set(wakeMs);
  }

  /** Rejects all calls that wait. */
  close(): void {
    for (const call of this.#queue.list()) {
      this.#remove(call);
      call.fail(new ClientClosedError());
    }
    this.#alarm.clear();
  }

  #readyOf(
    { route, cost, notBeforeMs }: WaitingCall,
    { blocked, allBlocked, nowMs }: { blocked: Map<Window, Ready>; allBlocked: Ready | undefined; nowMs: number },
  ): Ready {
    if (notBeforeMs > nowMs) return { atMs: notBeforeMs, isFirm: true };
    const windows = this.limits.windowsOf(route);
    const ahead = allBlocked ?? windows.map((window) => blocked.get(window)).find((ready) => ready !== undefined);
    if (ahead !== undefined) return ahead;
    const ready = this.limits.readyFor(route, cost, nowMs);
    if (ready.atMs > nowMs) for (const window of windows) blocked.set(window, ready);
    const isFull = ready.atMs <= nowMs && this.#room.inFlight >= this.#room.maxInFlight;
    return isFull ? { atMs: Number.POSITIVE_INFINITY, isFirm: false } : ready;
  }

  #isAllBlocked(blocked: ReadonlyMap<Window, Ready>): boolean {
    return blocked.size > 0 && [...this.limits.windows].every((window) => blocked.has(window));
  }

  #giveUp(call: WaitingCall, { atMs, isFirm }: Ready, nowMs: number): void {
    this.#remove(call);
    call.fail(new WaitTooLongError(call.maxWaitMs, isFirm ? atMs - nowMs : null));
  }

  #send(call: WaitingCall, nowMs: number): void {
    this.#remove(call);
    const { route, cost } = call;
    this.#room.order += 1;
    const sentOrder = this.#room.order;
    const attempt: Attempt = { route, cost, sentMs: nowMs, sentOrder, receivedMs: null, receivedOrder: null };
    this.#room.inFlight += 1;
    this.limits.begin(attempt);
    call.send(attempt);
  }

  #add(call: WaitingCall): void {
    this.#queue.add(call);
    this.#room.waiting += 1;
    if (call.deadlineMs !== Number.POSITIVE_INFINITY) this.#deadlines += 1;
  }

  #remove(call: WaitingCall): boolean {
    if (!this.#queue.remove(call)) return false;
    this.#room.waiting -= 1;
    if (call.deadlineMs !== Number.POSITIVE_INFINITY) this.#deadlines -= 1;
    return true;
  }
}
