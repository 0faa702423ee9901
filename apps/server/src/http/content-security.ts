/**
 * Security headers of every response. Each path has its own policy: JSON may run nothing, pages only the service's own
 * files.
 */
import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

const NOTHING = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Swagger UI writes style attributes; its scripts are still only files of this service. */
const DOCS = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

/** The screens write style elements, each with the nonce of its page. They set style attributes through the CSS object model. */
const SCREENS = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", (_: unknown, response: unknown) => `'nonce-${nonceOf(response as Response)}'`],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

type Directives = Record<string, readonly (string | ((request: unknown, response: unknown) => string))[]>;

/** `adminBase`: the base of the screens, e.g. `/admin/`. Responses of the API below `/admin/api` still run nothing. */
export function contentSecurity(adminBase: string): (request: Request, response: Response, next: NextFunction) => void {
  const nothing = helmetWith(NOTHING);
  const places = [
    { path: '/docs', protect: helmetWith(DOCS) },
    { path: '/admin/api', protect: nothing },
    { path: adminBase.slice(0, -1), protect: helmetWith(SCREENS) },
  ];
  return (request, response, next) => {
    const place = places.find(({ path }) => request.path === path || request.path.startsWith(`${path}/`));
    (place?.protect ?? nothing)(request, response, next);
  };
}

/** The nonce of this response only. */
export function nonceOf({ locals }: Response): string {
  locals['nonce'] ??= randomBytes(16).toString('base64');
  return locals['nonce'];
}

function helmetWith(directives: Directives): ReturnType<typeof helmet> {
  return helmet({ contentSecurityPolicy: { useDefaults: false, directives: directives as Record<string, string[]> } });
}
