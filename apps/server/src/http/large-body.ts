/** Bodies above the general limit, on the routes that import files. They are read only after the caller is known. */
import type { IncomingMessage } from 'node:http';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { jsonBody } from './json-body.js';

const LIMIT_BYTES = 5 * 1024 * 1024;

/** The routes with this interceptor. */
const PATHS = /^\/admin\/api\/(?:overrides|plans\/[^/?]+\/assignments)\/import(?:\?|$)/;

export function hasLargeBody({ method, url = '' }: IncomingMessage): boolean {
  return method === 'POST' && PATHS.test(url);
}

const parse = jsonBody({ limitBytes: LIMIT_BYTES });

/** Guards run before interceptors, so only a caller with the permission can send such a body. */
export class LargeBody implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    await new Promise<void>((resolve, reject) => {
      parse(http.getRequest(), http.getResponse(), (error?: unknown) =>
        error === undefined ? resolve() : reject(error),
      );
    });
    return next.handle();
  }
}
