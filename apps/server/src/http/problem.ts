/** Error bodies, `application/problem+json` (RFC 9457), with a `message` that says what to do. */
import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { InvalidRequestError } from '@rollgate/limiter';
import { refusalOf } from '../database/refusals.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly message: string;
  /** Members of one kind of problem. */
  readonly [member: string]: unknown;
}

export function problem(status: number, message: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message };
}

/** What the caller may know of an error. A body that is a problem already stays as it is. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpException) {
    const body = error.getResponse();
    if (typeof body === 'object' && 'type' in body && 'title' in body) return body as Problem;
    return problem(error.getStatus(), error.message);
  }
  if (error instanceof InvalidRequestError) return problem(400, error.message);
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    const told = problem(refusal.status, refusal.message);
    return refusal.ceiling ? { ...told, ceiling: true } : told;
  }
  // Express's own: a body too large, malformed JSON, a URL that can't be decoded.
  const { statusCode, message } = (error ?? {}) as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return problem(statusCode, String(message));
  return problem(500, 'Something went wrong here. Please try again after some time.');
}
