import type { ServerResponse } from 'node:http';
import { isNativeError } from 'node:util/types';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { problemOf, retryAfterSeconds } from './problem.js';

/** Every error leaves through here. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse & { err?: Error }>();
    const problem = problemOf(error);
    // The request's line in the log carries it, with its stack.
    if (problem.status >= 500) response.err = isNativeError(error) ? error : new Error(String(error));
    if (response.headersSent) {
      // Half an answer is out: only a broken connection tells the caller that it is no whole one.
      response.destroy();
      return;
    }
    response.statusCode = problem.status;
    if (problem.status === 503) response.setHeader('Retry-After', retryAfterSeconds(error));
    // Of public routes, too: a cache that kept a refusal would repeat it to others.
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    response.end(JSON.stringify(problem));
  }
}
