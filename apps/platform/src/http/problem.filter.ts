/** Returns every error as `application/problem+json` (RFC 9457) with a `message` for the caller. */
import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { isDatabaseAway } from '@rollgate/limiter';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly message: string;
}

/** The part of Fastify's reply that is used here. */
export interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  getHeader(name: string): unknown;
  send(body: unknown): Reply;
}

const LOG_AWAY_EVERY_MS = 1_000;
/** Spreads the retries of callers over several seconds. */
const RETRY_JITTER_S = 3;

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Platform');
  #awayLoggedAt = Number.NEGATIVE_INFINITY;

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemOf(error);
    // Rollgate logs its own 503. If the database is unreachable every call fails, so log that at most once a second.
    if (problem.status === 503) this.#logAway(error);
    else if (problem.status >= 500) this.#logger.error(error instanceof Error ? error.stack : error);
    sendProblem(host.switchToHttp().getResponse<Reply>(), problem);
  }

  #logAway(error: unknown): void {
    if (error instanceof HttpException || performance.now() - this.#awayLoggedAt < LOG_AWAY_EVERY_MS) return;
    this.#awayLoggedAt = performance.now();
    this.#logger.error(`the database does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function sendProblem(reply: Reply, problem: Problem): void {
  if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer');
  if (problem.status === 503 && reply.getHeader('Retry-After') === undefined) {
    reply.header('Retry-After', String(1 + Math.floor(Math.random() * RETRY_JITTER_S)));
  }
  reply
    .code(problem.status)
    .header('Cache-Control', 'no-store')
    .header('Content-Type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** The problem to return for an error. A body that is a problem already, such as a denial, is not changed. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpException) {
    const body = error.getResponse();
    if (typeof body === 'object' && 'type' in body && 'title' in body) return body as Problem;
    return problem(error.getStatus(), error.message);
  }
  // An error of Fastify: the body is too large, the JSON is malformed, or the URL can't be decoded.
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return problem(statusCode, String(message));
  if (isDatabaseAway(error)) return problem(503, 'The service is not available at the moment. Please try again.');
  return problem(500, 'Something went wrong here. Please try again after some time.');
}

function problem(status: number, message: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message };
}
