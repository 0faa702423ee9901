/**
 * Serves the built screens of apps/admin below their base. Their file names contain a hash, so browsers cache them forever.
 * The page itself is generated for each response, with its base and the nonce of its style elements.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { nonceOf } from './content-security.js';
import { problem } from './problem.js';

/** The same path from src/ and from dist/. */
const BUILT = fileURLToPath(new URL('../../../admin/dist', import.meta.url));
/** The API's path, whatever the screens' base is. */
const API = '/admin/api/';

const NOT_BUILT =
  '<!doctype html><meta charset="utf-8"><title>Rollgate</title><p>The screens are not built. Run <code>npm run build</code> ' +
  'in the project, then reload. The API at /admin/api/ and the command line work without them.</p>';

export interface AdminAppOptions {
  /** Starts and ends with a slash. */
  readonly base: string;
  readonly folder?: string;
}

export function serveAdminApp(app: NestExpressApplication, { base, folder = BUILT }: AdminAppOptions): void {
  const page = join(folder, 'index.html');
  app.useStaticAssets(join(folder, 'assets'), {
    prefix: `${base}assets/`,
    index: false,
    redirect: false,
    immutable: true,
    maxAge: '1y',
  });
  app.useStaticAssets(folder, { prefix: base, index: false, redirect: false, maxAge: '1h' });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const { method, path } = request;
    if (method !== 'GET' && method !== 'HEAD') return next();
    if (path === base.slice(0, -1)) return response.redirect(308, base);
    if (!path.startsWith(base) || path.startsWith(API) || path === API.slice(0, -1)) return next();
    // A file of another build: a page sent in its place would be run as a script.
    if (path.startsWith(`${base}assets/`)) return tellGone(response);
    sendPage(response, { page, base }).catch(next);
  });
}

async function sendPage(response: Response, { page, base }: { page: string; base: string }): Promise<void> {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Cache-Control', 'no-cache');
  if (!existsSync(page)) {
    response.status(503).end(NOT_BUILT);
    return;
  }
  const html = await readFile(page, 'utf8');
  response.end(
    html.replaceAll('"./', `"${base}`).replace('%ROLLGATE_BASE%', base).replace('%ROLLGATE_NONCE%', nonceOf(response)),
  );
}

function tellGone(response: Response): void {
  response.status(404).setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.end(JSON.stringify(problem(404, 'This file belongs to another version of the screens: reload the page.')));
}
