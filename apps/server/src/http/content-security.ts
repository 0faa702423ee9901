/** Security headers of every answer. What may run is said per place: JSON runs nothing, pages run the service's own files. */
import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

const NOTHING = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Swagger UI writes style attributes; scripts come from files of ours all the same. */
const DOCS = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

/** The screens write style elements, each with the nonce of its page; style attributes go through the object model. */
const SCREENS = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", (_: unknown, response: unknown) => `'nonce-${nonceOf(response as Response)}'`],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

type Directives = Record<string, readonly (string | ((request: unknown, response: unknown) => string))[]>;

/** `adminBase`: where the screens are, e.g. `/admin/`; their API below `/admin/api` runs nothing all the same. */
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

/** Of this answer alone. */
export function nonceOf({ locals }: Response): string {
  locals['nonce'] ??= randomBytes(16).toString('base64');
  return locals['nonce'];
}

function helmetWith(directives: Directives): ReturnType<typeof helmet> {
  return helmet({ contentSecurityPolicy: { useDefaults: false, directives: directives as Record<string, string[]> } });
}
