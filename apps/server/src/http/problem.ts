/** Error bodies, `application/problem+json` (RFC 9457), with a `message` that says what to do. */
import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { InvalidRequestError, isDatabaseAway, LimiterUnavailableError } from '@rollgate/limiter';
import { refusalOf } from '../database/refusals.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly message: string;
  /** Additional members of a specific kind of problem. */
  readonly [member: string]: unknown;
}

export function problem(status: number, message: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message };
}

/** The part of an error that the caller may see. A body that is already a problem stays unchanged. */
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
    if (refusal.lowering !== undefined) return { ...told, lowering: refusal.lowering };
    return refusal.ceiling ? { ...told, ceiling: true } : told;
  }
  // Express's own errors: a body that is too large, malformed JSON, a URL that cannot be decoded.
  const { statusCode, message } = (error ?? {}) as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return problem(statusCode, String(message));
  if (isDatabaseAway(error)) return problem(503, 'The database does not answer at the moment. Please try again.');
  return problem(500, 'Something went wrong here. Please try again after some time.');
}

const RETRY_AFTER_MS = 1_000;
const RETRY_JITTER_MS = 2_000;

/** `Retry-After` of a 503 in whole seconds, with jitter so that callers do not all retry at once. */
export function retryAfterSeconds(error: unknown): number {
  const known = [error, (error as { cause?: unknown } | null | undefined)?.cause].find(
    (one) => one instanceof LimiterUnavailableError,
  );
  const ms = known?.retryAfterMs ?? RETRY_AFTER_MS + Math.random() * RETRY_JITTER_MS;
  return Math.max(1, Math.ceil(ms / 1000));
}
