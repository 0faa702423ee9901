/**
 * The exceptions that a guard may throw, each with an `application/problem+json` body (RFC 9457), and their equivalents
 * for transports without an HTTP response.
 */
import { STATUS_CODES } from 'node:http';
import {
  BadRequestException,
  HttpException,
  HttpStatus,
  ServiceUnavailableException,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { type Decision, QUOTA_EXCEEDED_TYPE, type RateLimitProblem, WINDOWS, type Window } from '@rollgate/contract';
import { type InvalidRequestError, LimiterUnavailableError } from '@rollgate/limiter';
import type { Call } from './call.js';
import { retryAfterSeconds } from './headers.js';

const PROBLEM_JSON = 'application/problem+json';

/** The `support` text if the developer has set none. */
const DEFAULT_SUPPORT = 'Contact the support of this service to request a custom limit.';

/** HTTP 429: a denied call. `getResponse()` returns the problem body, `decision` the limiter's decision. */
export class RateLimitExceededException extends HttpException {
  constructor(
    readonly decision: Decision,
    problem: RateLimitProblem,
  ) {
    super(problem, HttpStatus.TOO_MANY_REQUESTS, { description: problem.title });
  }

  override getResponse(): RateLimitProblem {
    return super.getResponse() as RateLimitProblem;
  }
}

/**
 * The exception for a denied call: 429, or 422 if the cost alone exceeds a limit, because retrying does not help then.
 * With a limit of 0, which blocks all calls, it is 429 without a retry time.
 */
export function denialException(
  decision: Decision,
  { message, support = DEFAULT_SUPPORT }: { message: string; support?: string | undefined },
): HttpException {
  const blocked = WINDOWS.find((window) => decision.windows[window].limit === 0);
  const tooDear = WINDOWS.find((window) => decision.cost > decision.windows[window].limit);
  // While the database is away, a cost above the instance's share of the limit is denied. It may be allowed later, so
  // it has a retry time and stays 429.
  if (tooDear && !blocked && decision.retryAfterMs === null)
    return costAboveLimit(decision, { window: tooDear, support });
  const window = decision.deniedBy ?? blocked ?? 'minute';
  return new RateLimitExceededException(decision, {
    type: QUOTA_EXCEEDED_TYPE,
    title: 'Request cannot be satisfied as assigned quota has been exceeded',
    status: HttpStatus.TOO_MANY_REQUESTS,
    message,
    'violated-policies': [...decision.violated],
    api: decision.api,
    window,
    limit: decision.windows[window].limit,
    retryAfterSeconds: retryAfterSeconds(decision),
    denialId: decision.id,
    support,
  });
}

function costAboveLimit(decision: Decision, { window, support }: { window: Window; support: string }): HttpException {
  const { limit } = decision.windows[window];
  return new UnprocessableEntityException({
    type: 'about:blank',
    title: 'Unprocessable Content',
    status: HttpStatus.UNPROCESSABLE_ENTITY,
    message: `This call costs ${decision.cost} units and can never succeed: the limit is ${limit} in any ${window}. Split it.`,
    api: decision.api,
    window,
    limit,
    cost: decision.cost,
    denialId: decision.id,
    support,
  });
}

/** Copies an exception of Nest's and gives it a problem body. */
export function problemException(exception: HttpException): HttpException {
  const status = exception.getStatus();
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message: exception.message };
  return new HttpException(body, status, { cause: exception });
}

/** HTTP 400: a malformed subject or cost. The call was not counted. */
export function invalidRequest(error: InvalidRequestError): HttpException {
  return new BadRequestException(
    {
      type: 'about:blank',
      title: 'Bad Request',
      status: HttpStatus.BAD_REQUEST,
      message: error.message,
      field: error.field,
      ...(error.nearest.length > 0 ? { nearest: error.nearest } : {}),
    },
    { cause: error },
  );
}

/** HTTP 401: without an account there is no subject to count. */
export function unknownAccount(): HttpException {
  return new UnauthorizedException({
    type: 'about:blank',
    title: 'Unauthorized',
    status: HttpStatus.UNAUTHORIZED,
    message: 'No account: this call is not authenticated.',
  });
}

/** HTTP 503: the limiter can't decide. The call was not counted, so it is not allowed. */
class LimiterUnavailableException extends ServiceUnavailableException {
  /** In whole seconds, with jitter if the limiter provides a delay. */
  retryAfter = 1;
}

export function limiterUnavailable(cause: unknown): HttpException {
  const unavailable = new LimiterUnavailableException(
    {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message: "The rate limit of this call can't be checked at the moment. Please try again.",
    },
    { cause },
  );
  if (cause instanceof LimiterUnavailableError) unavailable.retryAfter = Math.ceil(cause.retryAfterMs / 1000);
  return unavailable;
}

/**
 * The exception to throw for this call. On HTTP and GraphQL it is `error` itself, with the header fields set, including
 * `Cache-Control: no-store`. On RPC and WebSocket it is the transport's exception with the same body.
 *
 * The packages of those transports are imported at the first call that needs them, so other applications don't have to
 * install them.
 */
export async function refusalTo(call: Call, error: unknown): Promise<unknown> {
  if (!(error instanceof HttpException)) return error;
  if (call.transport === 'rpc') {
    const { RpcException } = await import('@nestjs/microservices');
    return new RpcException(error.getResponse());
  }
  if (call.transport === 'ws') {
    const { WsException } = await import('@nestjs/websockets');
    return new WsException(error.getResponse());
  }
  // A cache that stored this response would return it to calls that are not denied.
  call.headers.forbidCaching();
  if (error instanceof LimiterUnavailableException) {
    call.headers.set('Retry-After', String(error.retryAfter));
    call.headers.expose(['Retry-After']);
  }
  // A GraphQL response is not a problem document.
  if (call.transport === 'http' && hasProblemBody(error)) call.headers.setJsonType(PROBLEM_JSON);
  return error;
}

function hasProblemBody(error: HttpException): boolean {
  const body = error.getResponse();
  return typeof body === 'object' && 'type' in body && 'title' in body && 'status' in body;
}
