/**
 * One call, whichever transport brought it.
 *
 * Invariant: nothing here throws, whatever a context lacks. A call without an HTTP response has no headers.
 */
import type { ExecutionContext } from '@nestjs/common';
import { type ResponseHeaders, responseHeaders } from './response-headers.js';

interface Request {
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

export interface Call {
  readonly transport: 'http' | 'graphql' | 'rpc' | 'ws' | 'other';
  /** The same object for every guard this call passes, another one for every other call. */
  readonly identity: object;
  /** Who calls, as the server's own code has attached it: never what a client sent. */
  readonly user: { readonly account?: unknown } | null | undefined;
  /** What a client sent by name: route parameters, arguments, fields of a message. */
  readonly params: unknown;
  /** Method and pattern of an HTTP route, e.g. `POST /bots/:botId/publish`: where the framework tells. */
  readonly route: string | undefined;
  /** The request's id in the log; the caller's `X-Request-Id` where the server gave it none. */
  readonly requestId: string | undefined;
  /** Of the HTTP response. Does nothing without one, or when its head is already gone. */
  readonly headers: ResponseHeaders;
}

/** Who calls and what was sent by name: all that most resolvers ask of a call, without the rest of it. */
export function callerOf(context: ExecutionContext): Pick<Request, 'user' | 'params'> {
  return context.getType<string>() === 'http' ? asRequest(context.getArgs<unknown[]>()[0]) : callOf(context);
}

export function callOf(context: ExecutionContext): Call {
  const args = context.getArgs<unknown[]>();
  switch (context.getType<string>()) {
    case 'http': {
      const request = asRequest(args[0]);
      // Fastify wraps the request of Node, Express is it.
      const identity = request.raw ?? (isObject(args[0]) ? args[0] : args);
      const { user, params } = request;
      const route = routeOf(request);
      const requestId = requestIdOf(request);
      return { transport: 'http', identity, user, params, route, requestId, headers: responseHeaders(args[1]) };
    }
    case 'graphql': {
      const [, fieldArguments, shared, info] = args as [
        unknown,
        unknown,
        { req?: unknown; res?: unknown } | undefined,
        unknown,
      ];
      const request = asRequest(shared?.req);
      // One HTTP request may carry many fields, each a call of its own: its info is its identity.
      const identity = [info, request.raw, shared?.req].find(isObject) ?? args;
      const headers = responseHeaders(shared?.res ?? request.res);
      const requestId = requestIdOf(request);
      const { user } = request;
      return { transport: 'graphql', identity, user, params: fieldArguments, route: undefined, requestId, headers };
    }
    // The arguments are made anew for each message; a socket lives on, and data may be no object.
    case 'rpc':
      return { transport: 'rpc', identity: args, user: asRequest(args[1]).user, params: args[0], ...NO_HTTP };
    case 'ws':
      return { transport: 'ws', identity: args, user: asRequest(args[0]).user, params: args[1], ...NO_HTTP };
    default:
      return { transport: 'other', identity: args, user: undefined, params: undefined, ...NO_HTTP };
  }
}

const NO_HTTP = { route: undefined, requestId: undefined, headers: responseHeaders(undefined) };

/** Anything else could be written into a log or a table to mislead who reads it. */
const SAFE_ID = /^[\x21-\x7e]{1,128}$/;

function routeOf({ method, route, baseUrl, routeOptions }: Request): string | undefined {
  const path = textOf(routeOptions, 'url') ?? textOf(route, 'path');
  if (path === undefined || typeof method !== 'string') return undefined;
  return `${method} ${typeof baseUrl === 'string' ? baseUrl : ''}${path}`;
}

function requestIdOf({ id, headers }: Request): string | undefined {
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

function asRequest(value: unknown): Request {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
