/**
 * The exceptions a guard may throw, each with its `application/problem+json` body (RFC 9457), and the same in the words
 * of a transport that has no HTTP response.
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

/** What a denied caller reads where the developer has set no `support`. */
const DEFAULT_SUPPORT = 'Ask the support of this service for a custom limit.';

/** HTTP 429: a denied call. `getResponse()` is the problem body. */
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
 * The exception for a denied call: 429, or 422 where the cost alone is above a limit, so that no wait helps. A limit of
 * 0 blocks: 429 without a time.
 */
export function denialException(
  decision: Decision,
  { message, support = DEFAULT_SUPPORT }: { message: string; support?: string | undefined },
): HttpException {
  const blocked = WINDOWS.find((window) => decision.windows[window].limit === 0);
  const tooDear = WINDOWS.find((window) => decision.cost > decision.windows[window].limit);
  // A cost above an instance's own part of the limit is denied while the database is away, and fits when it is back.
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

/** An exception of Nest's with a problem body. */
export function problemException(exception: HttpException): HttpException {
  const status = exception.getStatus();
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message: exception.message };
  return new HttpException(body, status, { cause: exception });
}

/** A malformed subject or cost. Nothing was counted. */
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

/** No account, no subject: neither counted nor guessed. */
export function unknownAccount(): HttpException {
  return new UnauthorizedException({
    type: 'about:blank',
    title: 'Unauthorized',
    status: HttpStatus.UNAUTHORIZED,
    message: 'The account of this call is not known. Authenticate first.',
  });
}

/** HTTP 503: the place that counts does not answer. Not counted, so not allowed. */
class LimiterUnavailableException extends ServiceUnavailableException {
  /** Seconds, with jitter where the limiter gives one. */
  retryAfter = 1;
}

export function limiterUnavailable(cause: unknown): HttpException {
  const unavailable = new LimiterUnavailableException(
    {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message: 'The rate limit of this call can not be checked at the moment. Please try again.',
    },
    { cause },
  );
  if (cause instanceof LimiterUnavailableError) unavailable.retryAfter = Math.ceil(cause.retryAfterMs / 1000);
  return unavailable;
}

/**
 * The exception to throw to this call: the same one with its header fields set (`Cache-Control: no-store` among them), or
 * the transport's own with the same body.
 *
 * The transports' packages are loaded when a call came by them, so an application without them needs neither.
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
  // A proxy or browser that stored a refusal would repeat it to calls that are not denied.
  call.headers.forbidCaching();
  if (error instanceof LimiterUnavailableException) {
    call.headers.set('Retry-After', String(error.retryAfter));
    call.headers.expose(['Retry-After']);
  }
  // Nest's exception filter leaves a content type of JSON that is set already. A GraphQL answer is no problem document.
  if (call.transport === 'http' && hasProblemBody(error)) call.headers.set('Content-Type', PROBLEM_JSON);
  return error;
}

function hasProblemBody(error: HttpException): boolean {
  const body = error.getResponse();
  return typeof body === 'object' && 'type' in body && 'title' in body && 'status' in body;
}
