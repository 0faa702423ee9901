/** Security headers of every answer. What may run is said per place: JSON runs nothing, pages run the service's own files. */
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

const PLACES = [{ path: '/docs', directives: DOCS }] as const;

export function contentSecurity(): (request: Request, response: Response, next: NextFunction) => void {
  const nothing = helmetWith(NOTHING);
  const places = PLACES.map(({ path, directives }) => ({ path, protect: helmetWith(directives) }));
  return (request, response, next) => {
    const place = places.find(({ path }) => request.path === path || request.path.startsWith(`${path}/`));
    (place?.protect ?? nothing)(request, response, next);
  };
}

function helmetWith(directives: Record<string, readonly string[]>): ReturnType<typeof helmet> {
  return helmet({ contentSecurityPolicy: { useDefaults: false, directives: directives as Record<string, string[]> } });
}
