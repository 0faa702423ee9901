import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LevelWithSilent, Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** Monitoring calls these every few seconds: a line for each would bury the others. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Express middleware: logs one line per request once it is answered, and returns an ID to the caller as `X-Request-Id`. */
export function requestLog(logger: Logger) {
  return pinoHttp({
    logger,
    // Never use the caller's own ID: two requests with the same ID could not be distinguished in the log.
    genReqId: (_request, response) => {
      const id = randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel: levelOf,
    // Log no headers and no query: cookies, tokens and sign-in codes are secrets.
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
  // A failed probe is already logged once, where the failure was detected.
  if (PROBES.has(pathOf(originalUrl(request)))) return 'debug';
  return error || response.statusCode >= 500 ? 'error' : 'info';
}

/** Express shortens `url` while it routes. */
function originalUrl(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? '';
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
