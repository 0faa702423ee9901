import { z } from 'zod';

export const HOME = '/admin/';

/** A path of this service, whatever a URL parser makes of the text: nobody is sent elsewhere after signing in. */
export const returnToText = z
  .string()
  .max(2_000)
  .transform((text, context) => {
    const path = localPath(text);
    if (path !== undefined) return path;
    context.addIssue('must be a path of this service, e.g. /admin/');
    return z.NEVER;
  });

function localPath(text: string): string | undefined {
  const base = 'http://here.invalid';
  if (!text.startsWith('/') || !URL.canParse(text, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(text, base);
  // `/.//elsewhere` becomes `//elsewhere`, which a browser takes for a host.
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : undefined;
}
