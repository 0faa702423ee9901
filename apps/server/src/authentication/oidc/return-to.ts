import { z } from 'zod';

export const HOME = '/admin/';

/** A path of this service, however a URL parser reads the text, so that signing in never redirects to another site. */
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
  // `/.//elsewhere` becomes `//elsewhere`, which a browser reads as a host name.
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : undefined;
}
