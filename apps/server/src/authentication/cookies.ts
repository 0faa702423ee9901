/**
 * The service's cookies hold secrets. Over https, and behind a trusted proxy, their names start with `__Host-`: they are
 * Secure and belong to this host alone, so no neighboring host can overwrite them. Plain http is allowed on this machine
 * only. There, some clients (curl, for example) would refuse a `Secure` cookie, so the cookie has another name. Each
 * request is read only for the cookie of its kind.
 */

import type { HttpRequest, HttpResponse } from '../http/http-request.js';
import { isLoopback } from './address.js';

export const SESSION_COOKIE: CookieNames = { secure: '__Host-rollgate', plain: 'rollgate-session' };
export const ATTEMPT_COOKIE: CookieNames = { secure: '__Host-rollgate-attempt', plain: 'rollgate-attempt' };

export interface CookieNames {
  readonly secure: string;
  readonly plain: string;
}

/** The first cookie of that name: browsers send the most specific one first. */
export function readCookie(request: HttpRequest, names: CookieNames): string | undefined {
  const name = isPlainLocal(request) ? names.plain : names.secure;
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

export interface NewCookie {
  readonly names: CookieNames;
  /** Base64url. */
  readonly value: string;
  /** `undefined`: until the browser closes. */
  readonly maxAgeSeconds?: number;
}

export function setCookie(
  { request, response }: { request: HttpRequest; response: HttpResponse },
  { names, value, maxAgeSeconds }: NewCookie,
): void {
  const plain = isPlainLocal(request);
  const parts = [`${plain ? names.plain : names.secure}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (!plain) parts.push('Secure');
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
  response.appendHeader('Set-Cookie', parts.join('; '));
}

export function clearCookie(exchange: { request: HttpRequest; response: HttpResponse }, names: CookieNames): void {
  setCookie(exchange, { names, value: '', maxAgeSeconds: 0 });
}

/** Plain http from this machine to a name of this machine. Forwarding headers show that there is a proxy, trusted or not. */
function isPlainLocal({ secure, socket, headers, host }: HttpRequest): boolean {
  if (secure || !isLoopback(socket.remoteAddress)) return false;
  if (['forwarded', 'x-forwarded-for', 'x-forwarded-proto'].some((name) => headers[name] !== undefined)) return false;
  const url = `http://${host}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}
