/**
 * What a browser sends on behalf of another site is not what its user wants.
 *
 * Each check stands for itself: `Sec-Fetch-Site` can't be forged by a page, `Origin` is older, and a header of our own
 * makes the browser ask first, which nobody here answers.
 */
import { ForbiddenException } from '@nestjs/common';
import { problem } from '../http/problem.js';
import type { HttpRequest } from './http-request.js';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** @throws ForbiddenException for a request that changes something, goes by a cookie and may be another site's */
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

/** By the host alone: whether it was https is known to the proxy in front, which may not be a trusted one. */
function isOriginOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === originHost;
}

function refusal(message: string): ForbiddenException {
  return new ForbiddenException(problem(403, message));
}
