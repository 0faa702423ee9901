import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LevelWithSilent, Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** Asked every few seconds by machines: a line each would bury the rest. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Express middleware: one line a request once it is answered, and an id that the caller gets as `X-Request-Id`. */
export function requestLog(logger: Logger) {
  return pinoHttp({
    logger,
    // Never the caller's own id: two requests with one id could not be told apart in the log.
    genReqId: (_request, response) => {
      const id = randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel: levelOf,
    // No headers and no query: cookies, tokens and codes of a sign-in are secrets.
    serializers: {
      req: (request: { id: unknown; method: string; url: string; remoteAddress: string }) => ({
        id: request.id,
        method: request.method,
        path: pathOf(request.url),
        remoteAddress: request.remoteAddress,
      }),
      res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
    },
  });
}

function levelOf(request: IncomingMessage, response: ServerResponse, error?: Error): LevelWithSilent {
  // What a probe found is logged where it was found, once.
  if (PROBES.has(pathOf(originalUrl(request)))) return 'debug';
  return error || response.statusCode >= 500 ? 'error' : 'info';
}

/** Express cuts `url` while it routes. */
function originalUrl(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? '';
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
