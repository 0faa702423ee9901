/** The form for Node's `http` and `https`. */
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import type { Call, CallOptions } from './calls/call.js';
import type { RateLimitedClient } from './client.js';

export interface HttpCallOptions extends Omit<RequestOptions, 'signal'> {
  /** A function that returns a new stream makes a streamed body repeatable. A stream itself is sent once. */
  readonly body?: string | Uint8Array | Readable | (() => Readable);
  readonly rateLimit?: CallOptions;
  readonly signal?: AbortSignal;
}

/** Resolves to the response, whose body the caller has to read. */
export type LimitedRequest = (url: string | URL, options?: HttpCallOptions) => Promise<IncomingMessage>;

/**
 * Returns a function that sends requests with Node's `http` or `https`, as `http.request` does, and keeps the limits. Each
 * response is a stream for one reader, so equal GETs are not coalesced.
 */
export function limitHttp(client: RateLimitedClient): LimitedRequest {
  return async (url, { body, rateLimit, signal, ...options } = {}) => {
    const call = callOf(typeof url === 'string' ? new URL(url) : url, options, body);
    const its = rateLimit?.signal ?? signal;
    return await client.run(call, { ...rateLimit, ...(its && { signal: its }) });
  };
}

function callOf(url: URL, options: RequestOptions, body: HttpCallOptions['body']): Call<IncomingMessage> {
  return {
    method: (options.method ?? 'GET').toUpperCase(),
    url: url.href,
    headers: { get: (name) => fieldOf(options.headers, name) },
    canResend: !(body instanceof Readable),
    send: (signal) => send({ url, options: { ...options, ...(signal && { signal }) }, body }),
    read: ({ statusCode, headers }) => ({
      status: statusCode ?? 0,
      headers: { get: (name) => [headers[name] ?? []].flat().join(', ') || null },
    }),
    discard: (response) => {
      response.resume();
    },
  };
}

function send(call: { url: URL; options: RequestOptions; body: HttpCallOptions['body'] }): Promise<IncomingMessage> {
  const { url, options, body } = call;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
    request.on('error', reject);
    const stream = typeof body === 'function' ? body() : body;
    if (!(stream instanceof Readable)) request.end(stream);
    else {
      stream.on('error', (error) => request.destroy(error));
      stream.pipe(request);
    }
  });
}

/** Node takes header fields as an object with names in any case, or as a list of names and values. */
function fieldOf(headers: RequestOptions['headers'], name: string): string | null {
  const pairs = Array.isArray(headers)
    ? headers.flatMap((value, index) => (index % 2 === 0 ? [[value, headers[index + 1]] as const] : []))
    : Object.entries(headers ?? {});
  const value = pairs.find(([key]) => key.toLowerCase() === name)?.[1];
  return value === undefined ? null : String(value);
}
