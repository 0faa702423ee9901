import { isStream } from './calls/body.js';
import type { Call, CallOptions } from './calls/call.js';
import { RateLimitedClient } from './client.js';
import { Coalescer } from './coalesce.js';
import type { ClientOptions } from './options.js';

/** `fetch` that keeps the limits of the APIs it calls. It can be passed wherever a `fetch` is taken. */
export type LimitedFetch = (
  input: string | URL | Request,
  init?: RequestInit,
  options?: CallOptions,
) => Promise<Response>;

export interface Client extends RateLimitedClient {
  /** As the global `fetch`, with the client's options for this call as a third argument. */
  readonly fetch: LimitedFetch;
}

/** Creates a client. Use one for all calls of a program: it knows limits only from its own calls. */
export function createClient(options: ClientOptions = {}): Client {
  const client = new RateLimitedClient(options);
  const coalescer = new Coalescer<Response>(() => client.options.clock.nowMs());
  const limitedFetch: LimitedFetch = async (input, init = {}, callOptions = {}) => {
    const request = new Request(input, init);
    const signal = callOptions.signal ?? init.signal ?? (input instanceof Request ? input.signal : undefined);
    const its: CallOptions = signal ? { ...callOptions, signal } : callOptions;
    const run = (one: CallOptions): Promise<Response> =>
      client.run(callOf(request, { canResend: !isStream(init.body), send: client.options.fetch }), one);
    if (!client.options.coalesce || request.method !== 'GET') return await run(its);
    return await coalescer.run({
      key: keyOf(request),
      options: its,
      run,
      copy: (response, isLast) => (isLast ? response : response.clone()),
    });
  };
  return Object.assign(client, { fetch: limitedFetch });
}

function callOf(
  request: Request,
  { canResend, send }: { canResend: boolean; send: (request: Request) => Promise<Response> },
): Call<Response> {
  const { method, url, headers } = request;
  return {
    method,
    url,
    headers,
    canResend,
    send: (signal) => send(new Request(canResend ? request.clone() : request, signal ? { signal } : {})),
    read: (response) => response,
    discard: (response) => {
      response.body?.cancel().catch(() => {});
    },
  };
}

/** Everything that may make two GETs different. */
function keyOf(request: Request): string {
  const { url, cache, credentials, integrity, mode, redirect } = request;
  return JSON.stringify([url, [...request.headers], cache, credentials, integrity, mode, redirect]);
}
