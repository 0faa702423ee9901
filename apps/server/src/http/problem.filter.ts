import type { ServerResponse } from 'node:http';
import { isNativeError } from 'node:util/types';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { problemOf, retryAfterSeconds } from './problem.js';

/** Formats every error response. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse & { err?: Error }>();
    const problem = problemOf(error);
    // The request's log line contains the error with its stack.
    if (problem.status >= 500) response.err = isNativeError(error) ? error : new Error(String(error));
    if (response.headersSent) {
      // Part of the response is already sent: only a broken connection can show that it is incomplete.
      response.destroy();
      return;
    }
    response.statusCode = problem.status;
    if (problem.status === 503) response.setHeader('Retry-After', retryAfterSeconds(error));
    // This covers public routes too: a cache that stored a refusal would repeat it to other callers.
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    response.end(JSON.stringify(problem));
  }
}
