/** Every error leaves as `application/problem+json` (RFC 9457) with a `message` that says what to do. */
import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly message: string;
}

/** As much of Fastify's as is used here. */
export interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): Reply;
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Platform');

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemOf(error);
    if (problem.status >= 500) this.#logger.error(error instanceof Error ? error.stack : error);
    sendProblem(host.switchToHttp().getResponse<Reply>(), problem);
  }
}

export function sendProblem(reply: Reply, problem: Problem): void {
  if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer');
  reply
    .code(problem.status)
    .header('Content-Type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** What the caller may know of an error. A body that is a problem already, as a denial's, stays as it is. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpException) {
    const body = error.getResponse();
    if (typeof body === 'object' && 'type' in body && 'title' in body) return body as Problem;
    return problem(error.getStatus(), error.message);
  }
  // Fastify's own: a body too large, malformed JSON, a URL that can't be decoded.
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return problem(statusCode, String(message));
  return problem(500, 'Something went wrong here. Please try again after some time.');
}

function problem(status: number, message: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, message };
}
