/**
 * One call, on any transport.
 *
 * Invariant: nothing here throws, even if parts of the context are missing. A call without an HTTP response has no
 * header fields.
 */
import type { ExecutionContext } from '@nestjs/common';
import { type ResponseHeaders, responseHeaders } from './response-headers.js';

interface HttpRequest {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly headers?: unknown;
  /** Express */
  readonly route?: unknown;
  readonly baseUrl?: unknown;
  /** Fastify */
  readonly routeOptions?: unknown;
  readonly raw?: object;
  readonly user?: { readonly account?: unknown } | null | undefined;
  readonly params?: unknown;
  readonly res?: unknown;
}

/** What the guard reads of a call. */
export interface Call {
  readonly transport: 'http' | 'graphql' | 'rpc' | 'ws' | 'other';
  /** The same object in every guard of this call, and a different one for each other call. */
  readonly identity: object;
  /** The authenticated user, as attached by the server's own code, never as sent by the client. */
  readonly user: { readonly account?: unknown } | null | undefined;
  /** Named values that the client sent: route parameters, arguments, or fields of a message. */
  readonly params: unknown;
  /**
   * Method and pattern of the HTTP route, e.g. `POST /bots/:botId/publish`; `undefined` if the framework does not
   * provide it.
   */
  readonly route: string | undefined;
  /** HTTP request ID: the server's own, or else the caller's `X-Request-Id`. */
  readonly requestId: string | undefined;
  /** Header fields of the HTTP response. Has no effect without a response, or after its head was sent. */
  readonly headers: ResponseHeaders;
}

/**
 * A call of an HTTP route. It reads most of its properties when they are needed: few calls are recorded with their
 * route, and everything that a call in flight holds is copied by the garbage collector.
 */
class HttpCall implements Call {
  readonly transport = 'http';
  readonly #request: HttpRequest;
  readonly #args: readonly unknown[];

  constructor(args: readonly unknown[]) {
    this.#request = asRequest(args[0]);
    this.#args = args;
  }

  get identity(): object {
    const [request] = this.#args;
    // Fastify wraps Node's request; Express passes Node's request itself.
    return this.#request.raw ?? (isObject(request) ? request : this.#args);
  }

  get user(): HttpRequest['user'] {
    return this.#request.user;
  }

  get params(): unknown {
    return this.#request.params;
  }

  get route(): string | undefined {
    return routeOf(this.#request);
  }

  get requestId(): string | undefined {
    return requestIdOf(this.#request);
  }

  get headers(): ResponseHeaders {
    return responseHeaders(this.#args[1]);
  }
}

/** User and named values of a call: all that most resolvers need, at a lower cost than `callOf`. */
export function callerOf(context: ExecutionContext): Pick<HttpRequest, 'user' | 'params'> {
  return context.getType<string>() === 'http' ? asRequest(context.getArgs<unknown[]>()[0]) : callOf(context);
}

export function callOf(context: ExecutionContext): Call {
  const args = context.getArgs<unknown[]>();
  switch (context.getType<string>()) {
    case 'http':
      return new HttpCall(args);
    case 'graphql': {
      const [, fieldArguments, shared, info] = args as [
        unknown,
        unknown,
        { req?: unknown; res?: unknown } | undefined,
        unknown,
      ];
      const request = asRequest(shared?.req);
      // One HTTP request may resolve many fields, each a separate call. The field's `info` object identifies the call.
      const identity = [info, request.raw, shared?.req].find(isObject) ?? args;
      const headers = responseHeaders(shared?.res ?? request.res);
      const requestId = requestIdOf(request);
      const { user } = request;
      return { transport: 'graphql', identity, user, params: fieldArguments, route: undefined, requestId, headers };
    }
    // The arguments array is created for each message. The socket outlives the message, and its data may not be an
    // object.
    case 'rpc':
      return { transport: 'rpc', identity: args, user: asRequest(args[1]).user, params: args[0], ...NO_HTTP };
    case 'ws':
      return { transport: 'ws', identity: args, user: asRequest(args[0]).user, params: args[1], ...NO_HTTP };
    default:
      return { transport: 'other', identity: args, user: undefined, params: undefined, ...NO_HTTP };
  }
}

const NO_HTTP = { route: undefined, requestId: undefined, headers: responseHeaders(undefined) };

/** Other characters in an ID could mislead a reader of the log or of the events. */
const SAFE_ID = /^[\x21-\x7e]{1,128}$/;

function routeOf({ method, route, baseUrl, routeOptions }: HttpRequest): string | undefined {
  const path = textOf(routeOptions, 'url') ?? textOf(route, 'path');
  if (path === undefined || typeof method !== 'string') return undefined;
  return `${method} ${typeof baseUrl === 'string' ? baseUrl : ''}${path}`;
}

function requestIdOf({ id, headers }: HttpRequest): string | undefined {
  if (typeof id === 'number') return String(id);
  if (isSafeId(id)) return id;
  const sent = textOf(headers, 'x-request-id');
  return isSafeId(sent) ? sent : undefined;
}

function isSafeId(text: unknown): text is string {
  return typeof text === 'string' && SAFE_ID.test(text);
}

function textOf(holder: unknown, name: string): string | undefined {
  const value = isObject(holder) ? (holder as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function asRequest(value: unknown): HttpRequest {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
