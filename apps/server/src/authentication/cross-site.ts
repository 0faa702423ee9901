/**
 * Refuses changes that a browser sends on behalf of another site.
 *
 * Each check works alone: a page cannot forge `Sec-Fetch-Site`; `Origin` is supported by older browsers; and a custom
 * header makes the browser send a preflight request, which the service does not approve.
 */
import { ForbiddenException } from '@nestjs/common';
import type { HttpRequest } from '../http/http-request.js';
import { problem } from '../http/problem.js';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** @throws ForbiddenException for a change by cookie that another site may have sent */
export function assertOwnRequest(request: HttpRequest, publicUrl: string | undefined): void {
  if (SAFE_METHODS.has(request.method ?? '')) return;
  assertSameOrigin(request, publicUrl);
  if (request.headers['x-rollgate-request'] !== '1')
    throw refusal('The header "X-Rollgate-Request: 1" is needed for changes by cookie.');
}

/** @throws ForbiddenException */
export function assertSameOrigin({ headers, host }: HttpRequest, publicUrl: string | undefined): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refusal('Another site sent this request.');
  const { origin } = headers;
  if (origin === undefined || origin === publicUrl) return;
  if (host === undefined || !isOriginOf(origin, host)) throw refusal('Another origin sent this request.');
}

/** Compares the host only: the proxy in front knows whether the request used https, but it may not be a trusted one. */
function isOriginOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === originHost;
}

function refusal(message: string): ForbiddenException {
  return new ForbiddenException(problem(403, message));
}
