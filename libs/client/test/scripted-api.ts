/** An API whose responses a test lists one by one. */
import { TestTimers } from '@rollgate/testing';
import { type Client, type ClientOptions, createClient } from '../src/index.js';

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Fails as a network does. */
  readonly error?: Error;
  readonly afterMs?: number;
}

export interface Scripted {
  readonly client: Client;
  readonly timers: TestTimers;
  /** When each call was sent, in ms after the start, and what it was. */
  readonly sent: { readonly atMs: number; readonly what: string }[];
}

/** Answers in turn; after the last one with 200 and no fields. Waiting is without jitter. */
export function scripted(answers: readonly Answer[], options: ClientOptions = {}): Scripted {
  const timers = new TestTimers();
  const startMs = timers.nowMs();
  const sent: { atMs: number; what: string }[] = [];
  const send = async (request: Request): Promise<Response> => {
    const { status = 200, headers = {}, body = 'ok', error, afterMs = 0 } = answers[sent.length] ?? {};
    sent.push({ atMs: timers.nowMs() - startMs, what: `${request.method} ${new URL(request.url).pathname}` });
    if (afterMs > 0) await orAborted(timers.sleep(afterMs), request.signal);
    if (error) throw error;
    return new Response(body, { status, headers });
  };
  const client = createClient({ fetch: send, clock: timers, random: () => 0, ...options });
  return { client, timers, sent };
}

function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    work.then(resolve, reject);
  });
}
