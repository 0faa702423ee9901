/** The browser of a person who signs in. */
import type { HttpRequest } from '../http/http-request.js';
import { traceOf } from './caller.js';
import { readCookie, SESSION_COOKIE } from './cookies.js';

export interface Visitor {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The secret of the browser's current session. */
  readonly replaces: string | undefined;
  /** HTTP request ID. */
  readonly requestId: string;
}

export function visitorOf(request: HttpRequest): Visitor {
  return {
    ...traceOf(request),
    userAgent: request.headers['user-agent'],
    replaces: readCookie(request, SESSION_COOKIE),
  };
}
