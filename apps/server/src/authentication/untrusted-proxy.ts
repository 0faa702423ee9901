/**
 * Detects a proxy that is missing from the settings. Its header must be ignored, because any caller can send one. But then
 * all callers behind that proxy share one address, and with it the limits on sign-in.
 */
import type { Logger } from 'pino';
import type { HttpRequest } from '../http/http-request.js';
import { addressOf } from './address.js';

/** More peers than this are not proxies of one installation but outside callers that send the header. */
const MOST_PEERS = 16;

/** Express middleware: logs one warning for each peer that sends `X-Forwarded-For` without being trusted. */
export function untrustedProxyWarning(logger: Logger) {
  const warned = new Set<string>();
  return (request: HttpRequest, _response: unknown, next: () => void): void => {
    if (request.headers['x-forwarded-for'] !== undefined && warned.size < MOST_PEERS && !isTrusted(request)) {
      // This peer is not trusted, so its header is ignored and this is the address of the connection.
      const peer = addressOf(request);
      if (!warned.has(peer)) {
        warned.add(peer);
        logger.warn({ peer }, warningOf(peer));
      }
    }
    next();
  };
}

function isTrusted({ app, socket }: HttpRequest): boolean {
  return app.get('trust proxy fn')(socket.remoteAddress ?? '', 0);
}

function warningOf(peer: string): string {
  return (
    `X-Forwarded-For from ${peer} is ignored, so everybody behind it counts as one address: ` +
    `if it is your proxy, set ROLLGATE_TRUST_PROXY=${peer} or to its network`
  );
}
